// Asks before files are replaced that are there already.

import * as vscode from 'vscode';
import { toPlainLine } from '../plainText';

interface ReplaceQuestion<T> {
  readonly question: string;
  /** Of the files that are there. */
  readonly names: readonly string[];
  readonly isThere: (target: T) => boolean;
}

const shownNames = 5;

/** All, those that replace nothing, or none, as the person says. Asks only where something would be replaced. */
export async function keepConfirmed<T>(
  targets: readonly T[],
  { question, names, isThere }: ReplaceQuestion<T>,
): Promise<readonly T[]> {
  if (names.length === 0) {
    return targets;
  }
  const [replace, skip] = [vscode.l10n.t('Replace'), vscode.l10n.t('Skip These')];
  const shown = names.slice(0, shownNames).map((name) => toPlainLine(name, 80));
  const chosen = await vscode.window.showWarningMessage(
    question,
    { modal: true, detail: [...shown, ...(names.length > shownNames ? ['…'] : [])].join('\n') },
    replace,
    ...(names.length < targets.length ? [skip] : []),
  );
  if (chosen === replace) {
    return targets;
  }
  return chosen === skip ? targets.filter((target) => !isThere(target)) : [];
}
