// What the trace of an agent run says of it, without an engine.

import { AgentFacts, toFactsText } from '../../core/agent/agentFacts';
import type { AgentAsked } from '../../core/agent/agentEvent';
import { type AgentStatus, agentStatuses } from '../../core/agent/agentState';
import { RlmError } from '../../core/errors';
import { isAgentEvent, type TraceEvent } from '../../core/event';
import type { AgentSummary, Summary } from '../../core/summary';
import type { TraceStore } from '../../core/traceStore';
import { findSession, readAllEvents } from '../traces';

export interface RunRecord {
  readonly summary: AgentSummary;
  readonly status: AgentStatus;
  readonly checklist: readonly RecordedItem[];
  readonly children: readonly RecordedChild[];
  /** That nobody has answered yet, as far as the trace goes. */
  readonly approvals: readonly AgentAsked[];
  readonly workspace: string | null;
  readonly branch: string | null;
  /** Kept where it worked when it ended, for people. */
  readonly leftBehind: readonly string[];
  /** Why it stands as it does; for people. */
  readonly reason: string | null;
  /** Plain text. */
  readonly facts: string;
}

interface RecordedItem {
  readonly id: string;
  readonly description: string;
  readonly isDone: boolean;
  readonly byEvent: number | null;
}

interface RecordedChild {
  readonly sessionId: string;
  readonly profileId: string;
  readonly status: AgentStatus;
}

/** @throws RlmError 'SESSION_NOT_FOUND' | 'INVALID_INPUT' (several begin so), 'AGENT_NOT_FOUND' (no agent run) */
export async function findRun(traces: TraceStore, idOrStart: string): Promise<AgentSummary> {
  return toAgentSummary(await findSession(traces, idOrStart));
}

export function toAgentSummary(summary: Summary): AgentSummary {
  if (summary.agent) {
    return summary;
  }
  throw new RlmError('AGENT_NOT_FOUND', `Session ${summary.sessionId} is no agent run.`, {
    nextStep: 'List the runs: rlm-companion agents list.',
  });
}

export function toAgentStatus({ status }: AgentSummary): AgentStatus {
  return agentStatuses.find((one) => one === status) ?? 'interrupted'; // it has no other
}

/** The approvals that wait after these events, by id. */
export class OpenApprovals {
  readonly #asked = new Map<string, AgentAsked>();

  take(event: TraceEvent): void {
    if (event.kind === 'agent.asked') {
      this.#asked.set(event.approvalId, event);
    } else if (event.kind === 'agent.decided') {
      this.#asked.delete(event.approvalId);
    }
  }

  get all(): readonly AgentAsked[] {
    return [...this.#asked.values()];
  }
}

export async function readRunRecord(traces: TraceStore, summary: AgentSummary): Promise<RunRecord> {
  const facts = new AgentFacts();
  const done = new Map<string, number | null>();
  const children = new Map<string, RecordedChild>();
  const open = new OpenApprovals();
  let place: Pick<RunRecord, 'workspace' | 'branch'> = { workspace: null, branch: null };
  let [reason, leftBehind]: [string | null, readonly string[]] = [null, []];
  for await (const event of readAllEvents(traces, summary.sessionId)) {
    open.take(event);
    if (!isAgentEvent(event)) {
      continue;
    }
    facts.take(event);
    if (event.kind === 'agent.checked') {
      done.set(event.item, event.byEvent);
    } else if (event.kind === 'agent.delegated') {
      const { childSessionId: sessionId, profileId, childStatus: status } = event;
      children.set(sessionId, { sessionId, profileId, status });
    } else if (event.kind === 'agent.changed') {
      const { workspace, branch } = event;
      place = workspace === null ? place : { workspace, branch };
      ({ reason, leftBehind } = event);
    }
  }
  const status = toAgentStatus(summary);
  const isWaiting = status === 'awaiting_approval';
  const checklist = summary.agent.checklist.map((item) => ({
    ...item,
    isDone: done.has(item.id),
    byEvent: done.get(item.id) ?? null,
  }));
  const standing = { status, usage: summary.agent.usage, checklist: { all: checklist } };
  return {
    ...{ summary, status, checklist, reason, leftBehind, ...place },
    children: [...children.values()],
    approvals: isWaiting ? open.all : [],
    facts: toFactsText(facts.view, standing),
  };
}
