// What a session looks like to those who wait for changes to it, at the least cost: one at rest is
// looked into again only when its trace has another size or time.

import type { Summary } from '../core/summary';

/**
 * `own`: its changes are announced by the store that writes it. `underWay`: it changes at any moment.
 * `resting`: it may be gone on with, or ended. `over`: nobody will change it any more.
 */
type SightKind = 'own' | 'underWay' | 'resting' | 'over';

export interface Sight {
  readonly kind: SightKind;
  /** Equal marks of one kind mean no change. */
  readonly mark: string;
  /** While the trace looks so, this sight holds; null where it must be taken anew. */
  readonly trace: string | null;
}

interface SightParts {
  /** Of the engine whose store looks. */
  readonly engineId: string;
  /** Size and time of the trace; undefined before there is one. */
  readonly readTraceMark: () => Promise<string | undefined>;
  readonly readSummary: () => Promise<Summary | undefined>;
}

export const ownSight: Sight = { kind: 'own', mark: '', trace: null };
const overSight: Sight = { kind: 'over', mark: '', trace: null };
/** Its engine has made the folder and not yet written the first event, or it could not be read. */
const emptySight: Sight = { kind: 'underWay', mark: 'empty', trace: null };

/** `old`: the sight before. Never rejects. */
export async function readSight(old: Sight | null, parts: SightParts): Promise<Sight> {
  try {
    const trace = await parts.readTraceMark();
    if (trace === undefined) {
      return emptySight;
    }
    return old?.trace === trace ? old : await lookInto(trace, parts);
  } catch {
    return old ?? emptySight; // looked at again
  }
}

async function lookInto(trace: string, parts: SightParts): Promise<Sight> {
  const summary = await parts.readSummary();
  if (!summary) {
    return emptySight;
  }
  const { status, updatedAt, usage, running, engineId } = summary;
  if (engineId === parts.engineId) {
    return { ...ownSight, trace }; // closed here, and nobody has gone on with it
  }
  const mark = JSON.stringify([status, updatedAt, usage, running]);
  switch (status) {
    case 'active':
      return { kind: 'underWay', mark, trace: null }; // its engine may die
    case 'stopped':
    case 'interrupted':
      return { kind: 'resting', mark, trace };
    case 'finalized':
      return { ...overSight, mark };
  }
}
