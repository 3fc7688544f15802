// Asks for the answer that ends a session: written out, or taken from a variable.

import * as vscode from 'vscode';
import type { ViewerAnswer } from '../../protocol/viewer';
import { toPlainLine } from '../plainText';
import type { SessionSource } from '../sessionSource';
import { SessionDetails } from '../sessions/sessionDetails';

/** Undefined when the person gave up. */
export async function askAnswer(
  sessionId: string,
  source: SessionSource,
): Promise<ViewerAnswer | undefined> {
  const details = new SessionDetails(sessionId);
  await details.update(await source.store());
  const write = { label: vscode.l10n.t('Write the answer…'), name: null, alwaysShow: true };
  const variables = details.variables.map(({ name, type, preview }) => ({
    label: toPlainLine(name, 120),
    description: toPlainLine(type, 80),
    detail: toPlainLine(preview, 200),
    name,
  }));
  const picked = await vscode.window.showQuickPick([write, ...variables], {
    title: vscode.l10n.t('Finalize the session'),
    placeHolder: vscode.l10n.t('Write the answer, or choose the variable that holds it'),
    matchOnDetail: true,
    ignoreFocusOut: true, // to look something up before answering
  });
  if (!picked) {
    return undefined;
  }
  if (picked.name !== null) {
    return { kind: 'variable', name: picked.name };
  }
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Finalize the session'),
    prompt: vscode.l10n.t('The answer. The session takes no more steps after it.'),
    ignoreFocusOut: true,
    validateInput: (value) =>
      value.trim() === ''
        ? vscode.l10n.t('Write the answer first: it cannot be changed later.')
        : null,
  });
  return text === undefined ? undefined : { kind: 'text', text };
}
