// A script of an agent's actions of every kind, with what each must be found by in the trace: those that do their work,
// those that fail, and those that are refused or cut off at once.

import type { AgentRun } from '../../src/core/agent/agentRun';
import type { TraceEvent } from '../../src/core/event';
import { patch, type PlannedCall, run, runOutside } from './plannedModel';

export interface AuditedAction {
  readonly step: PlannedCall;
  /** A word that no other action has. */
  readonly mark: string;
}

const kinds: readonly ((mark: string) => PlannedCall)[] = [
  (mark) => run(`echo ${mark}`),
  (mark) => run(`echo ${mark}; exit 3`),
  (mark) => run(`touch /proc/${mark}`),
  (mark) => patch(`*** Add File: ${mark}.txt\n+${mark}`),
  (mark) => patch(`*** Update File: ${mark}.txt\n@@\n-nothing\n+else`),
  (mark) => patch(`*** Add File: ../../${mark}.txt\n+x`),
  (mark) => runOutside(`touch /outside-${mark}`),
  (mark) => run(`nosuchprogram-${mark}`),
  (mark) => run(`echo ${mark}`, { workdir: `/nowhere/${mark}` }),
  (mark) => ({ call: 'nosuchtool', args: { mark } }),
];

/** Of each kind alike many. */
export function createActions(count: number): readonly AuditedAction[] {
  return Array.from({ length: count }, (_, index) => {
    const mark = `act${String(index).padStart(4, '0')}z`;
    const create = kinds[index % kinds.length] ?? run;
    return { mark, step: create(mark) };
  });
}

const actionKinds: readonly TraceEvent['kind'][] = [
  ...(['agent.ran', 'agent.edited', 'agent.called', 'agent.audited', 'agent.asked'] as const),
];

/** The marks of those that no event of an action tells of; what was said of them does not count. */
export function findMissing(
  actions: readonly AuditedAction[],
  events: readonly TraceEvent[],
): readonly string[] {
  const told = events
    .filter(({ kind }) => actionKinds.includes(kind))
    .map((event) => JSON.stringify(event))
    .join('\n');
  return actions.map(({ mark }) => mark).filter((mark) => !told.includes(mark));
}

/** Answers what a run asks, as a person who wants none of it. */
export function declineAll(agent: AgentRun): void {
  agent.trace.onDidAppend((event) => {
    if (event.kind === 'agent.asked') {
      queueMicrotask(() => {
        if (agent.approvals.some(({ approvalId }) => approvalId === event.approvalId)) {
          agent.decide(event.approvalId, 'decline', 'person', null);
        }
      });
    }
  });
}
