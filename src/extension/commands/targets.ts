// Which sessions a command is about: the node it was called on, the trace in front, or one that is picked.

import * as vscode from 'vscode';
import type { Summary } from '../../core/summary';
import type { SessionIndex } from '../sessions/sessionIndex';
import { toSessionId } from '../sessions/sessionNode';
import { showNote } from '../messages';
import { toPlainLine } from '../plainText';
import { toAge } from '../sessions/words';
import { toNode } from './chosenNodes';

interface TargetParts {
  readonly index: SessionIndex;
  /** The session whose trace has the focus. */
  readonly readActive: () => string | null;
}

const maxPicked = 1_000;

/** Undefined when the person picked none. `matches`: the sessions that can be picked. */
export async function findTarget(
  args: readonly unknown[],
  matches: (summary: Summary) => boolean,
  { index, readActive }: TargetParts,
): Promise<string | undefined> {
  const node = toNode(args);
  const given = (node && toSessionId(node)) ?? readActive();
  return (
    given ??
    pickSession(index, matches, {
      placeHolder: vscode.l10n.t('Choose a session'),
      none: vscode.l10n.t('There is no session for this.'),
    })
  );
}

export function showNoSession(): void {
  showNote(vscode.l10n.t('There is no session for this.'));
}

/** Undefined when the person picked none. */
export async function pickSession(
  index: SessionIndex,
  matches: (summary: Summary) => boolean,
  words: { readonly placeHolder: string; readonly none: string },
): Promise<string | undefined> {
  await index.start();
  const items = index
    .listAll(matches)
    .slice(0, maxPicked)
    .map((summary) => ({
      label: toPlainLine(summary.title, 120),
      description: [
        index.groupOf(summary),
        vscode.l10n.t('{0} steps', summary.usage.steps),
        toAge(Date.now() - summary.updatedAt),
      ]
        .filter((part) => part !== '')
        .join(' · '),
      detail: summary.sessionId,
    }));
  if (items.length === 0) {
    showNote(words.none);
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: words.placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return picked?.detail;
}
