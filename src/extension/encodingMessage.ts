// The warning and the list by which a person says how files are encoded; both work by keyboard.

import * as vscode from 'vscode';
import type { EncodingUi } from './encodingChoice';
import { toPlainText } from './plainText';

export const encodingUi: EncodingUi = {
  async warn(lines, canChoose) {
    const choose = vscode.l10n.t('Choose Encoding…');
    const actions = canChoose ? [choose] : [];
    const text = toPlainText(lines.join(' '));
    return (await vscode.window.showWarningMessage(text, ...actions)) === choose;
  },
  async pick(items) {
    const picked = await vscode.window.showQuickPick(
      items.map(({ encoding, isLikely }) => ({
        label: encoding,
        description: isLikely ? vscode.l10n.t('likely') : '',
      })),
      {
        title: vscode.l10n.t('Choose the encoding of the files'),
        placeHolder: vscode.l10n.t('They are read anew with it, in a new session'),
      },
    );
    return picked?.label;
  },
};
