// Where a session stands in the tree, and what can be done with it from here.

import type { Summary } from '../../core/summary';
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

/** `engineId`: this window's engine, null while none runs. */
export function toGroup(summary: Summary, engineId: string | null): SessionGroup {
  const isElsewhere = summary.status === 'active' && summary.engineId !== engineId;
  return isElsewhere ? 'elsewhere' : summary.status;
}

export interface Surroundings {
  readonly engineId: string | null;
  /** Whether the session's variables are in this window's memory. */
  readonly isLive: boolean;
  /** Whether code may run in this window. */
  readonly mayRun: boolean;
}

export function listActions(summary: Summary, around: Surroundings): readonly ViewerAction[] {
  if (!around.mayRun) {
    return [];
  }
  const reading: readonly ViewerAction[] = around.isLive ? ['readVariable'] : [];
  switch (toGroup(summary, around.engineId)) {
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
