// The state of a session for those who watch it, at the least cost: one at rest is read again only when
// its trace has another size or time.

import type { Summary } from '../core/summary';

/**
 * `own`: the store that writes it announces its changes. `changing`: it changes at any moment.
 * `resting`: it may be gone on with, or ended. `ended`: nobody will change it any more.
 */
type WatchKind = 'own' | 'changing' | 'resting' | 'ended';

export interface WatchState {
  readonly kind: WatchKind;
  /** Equal versions of one kind mean no change. */
  readonly version: string;
  /** While the trace has this mark, the state holds; null where it must be read anew. */
  readonly traceMark: string | null;
}

interface WatchParts {
  /** Of the engine whose store watches. */
  readonly engineId: string;
  /** Another one after every change to the trace; undefined before there is one. */
  readonly readTraceMark: () => Promise<string | undefined>;
  readonly readSummary: () => Promise<Summary | undefined>;
}

export const ownState: WatchState = { kind: 'own', version: '', traceMark: null };
const endedState: WatchState = { kind: 'ended', version: '', traceMark: null };
/** Its engine has made the folder and not yet written the first event, or it could not be read. */
const emptyState: WatchState = { kind: 'changing', version: 'empty', traceMark: null };

/** `old`: the state before. Never rejects. */
export async function readWatchState(
  old: WatchState | null,
  parts: WatchParts,
): Promise<WatchState> {
  try {
    const mark = await parts.readTraceMark();
    if (mark === undefined) {
      return emptyState;
    }
    return old?.traceMark === mark ? old : await readState(mark, parts);
  } catch {
    return old ?? emptyState; // read again
  }
}

async function readState(traceMark: string, parts: WatchParts): Promise<WatchState> {
  const summary = await parts.readSummary();
  if (!summary) {
    return emptyState;
  }
  const { status, updatedAt, usage, running, engineId } = summary;
  if (engineId === parts.engineId) {
    return { ...ownState, traceMark }; // closed here, and nobody has gone on with it
  }
  const version = JSON.stringify([status, updatedAt, usage, running]);
  switch (status) {
    case 'active':
    case 'queued':
    case 'preparing':
    case 'running':
    case 'awaiting_approval':
      return { kind: 'changing', version, traceMark: null }; // its engine may die
    case 'stopped':
    case 'closed':
    case 'interrupted':
    case 'completed':
    case 'failed':
    case 'terminated':
      return { kind: 'resting', version, traceMark };
    case 'finalized':
      return { ...endedState, version };
  }
}
