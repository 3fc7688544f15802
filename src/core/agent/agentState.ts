// The states of an agent run, and which follows which.
//
//   queued ──> preparing ──> running <──> awaiting_approval
//      │           │            │                │
//      │           │            ├── completed <──┘ (its turn ends: it can be given another)
//      └───────────┴────────────┴──> failed, terminated, interrupted
//
// `completed` and `interrupted` may run again: by a message, or by being resumed in a later engine.

/** Source: the tool contract, Agents. */
export const agentStatuses = [
  'queued',
  'preparing',
  'running',
  'awaiting_approval',
  'completed',
  'failed',
  'terminated',
  'interrupted',
] as const;
export type AgentStatus = (typeof agentStatuses)[number];

const next: Readonly<Record<AgentStatus, readonly AgentStatus[]>> = {
  queued: ['preparing', 'failed', 'terminated', 'interrupted'],
  preparing: ['running', 'failed', 'terminated', 'interrupted'],
  running: ['awaiting_approval', 'completed', 'failed', 'terminated', 'interrupted'],
  awaiting_approval: ['running', 'completed', 'failed', 'terminated', 'interrupted'],
  completed: ['queued', 'running', 'terminated', 'interrupted'],
  failed: ['queued'],
  terminated: ['queued'],
  interrupted: ['queued', 'terminated'],
};

export function canFollow(from: AgentStatus, to: AgentStatus): boolean {
  return next[from].includes(to);
}

/** Nothing of it runs, or is going to by itself. */
export function isAtRest(status: AgentStatus): boolean {
  return status === 'completed' || isEnded(status);
}

/** It takes no more messages until it is resumed. */
export function isEnded(status: AgentStatus): boolean {
  return status === 'failed' || status === 'terminated' || status === 'interrupted';
}
