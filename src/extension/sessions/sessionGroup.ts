// Where a session stands in the tree, and what can be done with it from here.

import type { SessionStatus } from '../../core/event';
import type { AgentInfo, AgentStanding } from '../../core/agent/agentEvent';
import { isUnderWay, type Summary } from '../../core/summary';
import type { ViewerAction } from '../../protocol/viewer';

/** In the order of the tree. `elsewhere`: active in another engine on this home. */
export const sessionGroups = [
  'active',
  'elsewhere',
  'stopped',
  'interrupted',
  'closed',
  'finalized',
] as const;
export type SessionGroup = (typeof sessionGroups)[number];

/** `isHere`: this window's engine has it. */
export function toGroup({ status }: Summary, isHere: boolean): SessionGroup {
  return isUnderWay(status) && !isHere ? 'elsewhere' : toOwnGroup(status);
}

export function toOwnGroup(status: SessionStatus): SessionGroup {
  switch (status) {
    case 'queued':
    case 'preparing':
    case 'running':
    case 'awaiting_approval':
      return 'active';
    case 'completed':
      return 'finalized';
    case 'failed':
    case 'terminated':
      return 'stopped';
    case 'active':
    case 'stopped':
    case 'finalized':
    case 'closed':
    case 'interrupted':
      return status;
  }
}

export interface Surroundings {
  /** Whether this window's engine has the session. */
  readonly isHere: boolean;
  /** Whether the session's variables are in this window's memory. */
  readonly isLive: boolean;
  /** Whether code may run in this window. */
  readonly mayRun: boolean;
}

export function listActions(summary: Summary, around: Surroundings): readonly ViewerAction[] {
  if (!around.mayRun) {
    return [];
  }
  if (summary.agent) {
    return listAgentActions(summary, summary.agent, around.isHere);
  }
  const reading: readonly ViewerAction[] = around.isLive ? ['readVariable'] : [];
  switch (toGroup(summary, around.isHere)) {
    case 'active':
      return ['stop', 'finalize', 'fork', ...reading];
    case 'elsewhere':
      return ['fork'];
    case 'stopped':
      return ['finalize', 'fork', ...reading];
    case 'interrupted':
    case 'closed':
      return ['resume', 'finalize', 'fork'];
    case 'finalized':
      return ['fork', ...reading];
  }
}

function listAgentActions(
  { status }: Summary,
  { waitingFor, isolation }: AgentInfo & AgentStanding,
  isHere: boolean,
): readonly ViewerAction[] {
  const changes: readonly ViewerAction[] = isolation === 'folder' ? [] : ['showChanges'];
  if (isUnderWay(status)) {
    const approve: readonly ViewerAction[] = waitingFor > 0 ? ['approve'] : [];
    return isHere ? ['stop', 'tell', ...approve, ...changes] : [];
  }
  return [status === 'completed' ? 'tell' : 'goOn', ...changes];
}
