// What the trace of an agent run says of it, without an engine.

import type { AgentAsked } from '../../core/agent/agentEvent';
import { type AgentStatus, agentStatuses } from '../../core/agent/agentState';
import { type DoneSoFar, readDoneSoFar } from '../../core/agent/runRecord';
import { RlmError } from '../../core/errors';
import type { TraceEvent } from '../../core/event';
import type { AgentSummary, Summary } from '../../core/summary';
import type { TraceStore } from '../../core/traceStore';
import { findSession, readAllEvents } from '../traces';

export interface RunRecord extends DoneSoFar {
  readonly summary: AgentSummary;
  /** That nobody has answered yet, as far as the trace goes. */
  readonly approvals: readonly AgentAsked[];
  /** Kept where it worked when it ended, for people. */
  readonly leftBehind: readonly string[];
  /** Why it stands as it does; for people. */
  readonly reason: string | null;
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
  const done = await readDoneSoFar(traces, summary.sessionId);
  const open = new OpenApprovals();
  let [reason, leftBehind]: [string | null, readonly string[]] = [null, []];
  for await (const event of readAllEvents(traces, summary.sessionId)) {
    open.take(event);
    if (event.kind === 'agent.changed') {
      ({ reason, leftBehind } = event);
    }
  }
  const approvals = done.status === 'awaiting_approval' ? open.all : [];
  return { ...done, summary, approvals, leftBehind, reason };
}
