// How a run begins its trace, and what it passes on to children. Pure, but for the id.

import { createTimeOrderedId } from '../../base/ids';
import type { Clock } from '../clock';
import type { AgentOpened } from '../event';
import { createLimits, noUsage } from '../limits';
import type { RequestScope } from '../requestScope';
import { noAgentStanding } from '../summary';
import type { AgentBudget } from './agentBudget';
import type { Masker } from './masking';
import type { AgentParent } from './spawnPlan';

interface OpenedParts {
  readonly clock: Clock;
  readonly requests: RequestScope;
  readonly engineId: string;
  readonly version: string;
  readonly masker: Masker;
}

interface ParentRun {
  readonly id: string;
  readonly opened: AgentOpened;
  readonly budget: AgentBudget;
}

export function toOpened(
  agent: AgentOpened['agent'],
  { title, parent }: { readonly title: string; readonly parent: ParentRun | null },
  { clock, requests, engineId, version, masker }: OpenedParts,
): AgentOpened {
  const at = clock.now();
  const { requestId } = requests;
  return {
    ...(requestId !== null && { requestId }),
    kind: 'session.opened',
    at,
    step: 0,
    status: 'queued',
    usage: noUsage,
    agentStanding: noAgentStanding,
    sessionId: createTimeOrderedId(at),
    title: masker.mask(title),
    language: null,
    sandbox: null,
    agent: {
      ...agent,
      task: masker.mask(agent.task),
      goals: agent.goals.map((goal) => masker.mask(goal)),
    },
    limits: {
      ...createLimits(),
      maxSteps: agent.limits.commands,
      maxRuntimeMs: agent.limits.wallMs,
      maxLlmCalls: agent.limits.turns,
      maxLlmTokens: agent.limits.tokens,
      maxDepth: agent.limits.depth,
    },
    parentSessionId: parent?.id ?? null,
    sourceStep: null,
    depth: parent ? parent.opened.depth + 1 : 0,
    engineId,
    version,
  };
}

export function toParent(run: ParentRun): AgentParent {
  const { opened, budget } = run;
  return {
    sessionId: run.id,
    info: opened.agent,
    depth: opened.depth,
    left: {
      tokens: budget.left('tokens'),
      usd: budget.left('usd'),
      turns: budget.left('turns'),
      wallMs: budget.left('wallMs'),
      commands: budget.left('commands'),
      children: budget.left('children'),
    },
  };
}
