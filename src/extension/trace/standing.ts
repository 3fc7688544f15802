// What a viewer is told of a session beside its events.

import type { Summary } from '../../core/summary';
import type { Standing } from '../../protocol/viewer';
import { type Surroundings, listActions, toGroup } from '../sessions/sessionGroup';

export type StandingNote = 'untrusted' | 'elsewhere';

/** `toText` puts a note into words. */
export function toStanding(
  summary: Summary,
  around: Surroundings & { readonly children: readonly Summary[] },
  toText: (note: StandingNote) => string,
): Standing {
  const note = findNote(summary, around);
  return {
    status: summary.status === 'interrupted' ? 'interrupted' : null,
    actions: listActions(summary, around),
    note: note === null ? null : toText(note),
    children: around.children,
  };
}

function findNote(summary: Summary, around: Surroundings): StandingNote | null {
  if (!around.mayRun) {
    return 'untrusted';
  }
  return toGroup(summary, around.isHere) === 'elsewhere' ? 'elsewhere' : null;
}
