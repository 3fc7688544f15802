// What a step's author is told of variables that could not all be compared.

import type { GuestOutcome } from '../../protocol/worker';
import type { ListedNames } from './stepNames';

/** `unseen`: names of variables that are too large to be compared whole; `untold`: changes that are too many. */
export type ComparedVariables = ListedNames &
  Pick<GuestOutcome, 'changes'> & { readonly unseen: string; readonly untold: number };

/** Undefined: nothing was compared. */
export function toComparisonNote(variables: ComparedVariables | undefined): string {
  if (variables === undefined) {
    return 'note: there was no memory or time to tell which variables changed; a later step tells it\n';
  }
  const { untold, unseen } = variables;
  const notes = [
    untold > 0 &&
      `note: ${untold.toLocaleString('en')} more variables changed, which are too many to be listed\n`,
    unseen !== '' &&
      `note: too large to be compared whole, so that changes of few items may go unnoticed: ${unseen}\n`,
  ];
  return notes.filter((note) => note !== false).join('');
}
