// A whole run of an agent, as it might be: what it said, ran, changed, asked and had a child for.

import type { AgentEventBody, AgentUsage } from '../../src/core/agent/agentEvent';
import type { AgentStatus } from '../../src/core/agent/agentState';
import type { AgentEvent, AgentOpened, TraceEvent } from '../../src/core/event';
import { noUsage } from '../../src/core/limits';
import { createAgentOpened } from './arbitraryAgentEvents';
import { sampleStart } from './sampleTrace';

export const askedCommand = "git push --force origin 'HEAD:main' && rm -rf build";
export const sampleDiff = [
  '--- a/src/retry.ts',
  '+++ b/src/retry.ts',
  '@@ -1,3 +1,4 @@',
  ' export function retry() {',
  '-  return once();',
  '+  // waits between two tries',
  '+  return thrice();',
  ' }',
].join('\n');

/** Puts bodies into a trace: a second apart, with counts and standing as a run would have them. */
export class AgentTraceBuilder {
  readonly events: TraceEvent[];
  #at: number;
  #status: AgentStatus = 'queued';
  #step = 0;
  #waitingFor = 0;
  #doneItems = 0;
  #tokens = 0;

  constructor(over: Partial<AgentOpened> = {}) {
    this.events = [createAgentOpened(over)];
    this.#at = sampleStart;
  }

  add(...bodies: readonly AgentEventBody[]): this {
    this.events.push(...bodies.map((body) => this.toEvent(body)));
    return this;
  }

  toEvent(body: AgentEventBody): AgentEvent {
    this.#at += 1_000;
    this.#tokens += 1_200;
    this.#status = body.kind === 'agent.changed' ? body.to : this.#status;
    this.#step += 'result' in body ? 1 : 0;
    this.#waitingFor += body.kind === 'agent.asked' ? 1 : body.kind === 'agent.decided' ? -1 : 0;
    this.#doneItems += body.kind === 'agent.checked' ? 1 : 0;
    const usage: AgentUsage = {
      ...{ tokens: this.#tokens, usd: null, turns: 1, wallMs: this.#at - sampleStart },
      ...{ commands: this.#step, children: 0 },
    };
    return {
      ...body,
      at: this.#at,
      step: this.#step,
      status: this.#status,
      usage: { ...noUsage, steps: this.#step, llmTokens: this.#tokens },
      agentStanding: {
        usage,
        waitingFor: this.#waitingFor,
        queuePlace: null,
        doneItems: this.#doneItems,
      },
    };
  }
}

type BodyOf<Kind extends AgentEventBody['kind']> = AgentEventBody & { readonly kind: Kind };

export function toChange(to: AgentStatus, reason: string | null = null): BodyOf<'agent.changed'> {
  return {
    ...{ kind: 'agent.changed', to, reason, threadId: 'thread-1', workspace: '/srv/trees/1' },
    ...{ branch: 'rlm/generalist-1', container: null, leftBehind: [] },
  };
}

export function toRan(over: Partial<BodyOf<'agent.ran'>> = {}): BodyOf<'agent.ran'> {
  return {
    ...{ kind: 'agent.ran', actionId: 'c1', command: "bash -lc 'npm test'", cwd: '/srv/trees/1' },
    ...{ result: 'ok', exitCode: 0, output: '12 passing', droppedChars: 0, durationMs: 800 },
    ...over,
  };
}

export function toAsked(over: Partial<BodyOf<'agent.asked'>> = {}): BodyOf<'agent.asked'> {
  return {
    ...{ kind: 'agent.asked', approvalId: 'a1', subject: 'command', command: askedCommand },
    ...{ cwd: '/srv/trees/1', diff: null, reason: 'To publish it.' },
    deadline: sampleStart + 600_000,
    ...over,
  };
}

export function toSaid(
  text: string,
  over: Partial<BodyOf<'agent.said'>> = {},
): BodyOf<'agent.said'> {
  return { kind: 'agent.said', by: 'agent', form: 'message', text, droppedChars: 0, ...over };
}

const started: BodyOf<'agent.started'> = {
  ...{ kind: 'agent.started', actionId: 'c1', command: "bash -lc 'npm test'" },
  cwd: '/srv/trees/1',
};

const delegated = {
  kind: 'agent.delegated',
  childSessionId: 'child-session',
  profileId: 'code_reviewer',
} as const;

/** Up to an approval that waits. */
export function createWaitingAgent(over: Partial<AgentOpened> = {}): AgentTraceBuilder {
  return new AgentTraceBuilder({
    agent: {
      ...createAgentOpened().agent,
      checklist: [
        { id: 'tests', description: 'Tests pass' },
        { id: 'notes', description: 'The change is in the notes' },
      ],
    },
    ...over,
  }).add(
    toChange('preparing'),
    toChange('running'),
    toSaid('Mend the flaky test', { by: 'user' }),
    toSaid('The test waits for a clock.', { form: 'reasoning' }),
    toSaid('[x] Look at the test\n[>] Mend it\n[ ] Run all tests', { form: 'plan' }),
    started,
    toRan({ result: 'failed', exitCode: 1, output: '11 passing\n1 failing' }),
    {
      ...{ kind: 'agent.edited', actionId: 'p1', diff: sampleDiff, droppedChars: 0 },
      ...{ changes: [{ path: 'src/retry.ts', change: 'update' }], result: 'ok' },
    },
    { ...started, actionId: 'c2' },
    toRan({ actionId: 'c2' }),
    { kind: 'agent.checked', item: 'tests', byEvent: 10, note: null },
    {
      ...{ kind: 'agent.called', actionId: 't1', server: 'rlm', tool: 'spawn_agent' },
      ...{ arguments: '{"profile_id":"code_reviewer"}', result: 'ok', output: '{}' },
      ...{ droppedChars: 0, durationMs: 40 },
    },
    { ...delegated, childStatus: 'queued' },
    { ...delegated, childStatus: 'completed' },
    toAsked({ approvalId: 'a0', command: 'curl https://example.org', reason: null }),
    { kind: 'agent.decided', approvalId: 'a0', decision: 'cancel', by: 'ended', note: null },
    { kind: 'agent.refused', rule: 'deny', what: '.env must not be read' },
    { kind: 'agent.failed', code: 'overloaded', message: 'The model is busy.', willRetry: true },
    toAsked(),
    toChange('awaiting_approval'),
  );
}

/** To its end. */
export function createDoneAgent(over: Partial<AgentOpened> = {}): AgentTraceBuilder {
  return createWaitingAgent(over).add(
    { kind: 'agent.decided', approvalId: 'a1', decision: 'decline', by: 'person', note: null },
    toChange('running'),
    toSaid('The test is mended: it waited for the system clock.'),
    toChange('completed'),
    {
      ...{ kind: 'agent.summarized', throughEvent: 24, narrative: null },
      facts: 'Completed. 1 turn, 2 commands (1 failed, 0 refused).',
    },
  );
}
