// What becomes of a document that was exported: a text is opened here, a page is meant for a browser.

import * as vscode from 'vscode';
import type { ExportFormat } from '../../export/exportTrace';
import { showFailure } from '../messages';

/** Waits for nobody: where there is something to choose, it may stay unanswered. */
export async function showExported(file: vscode.Uri, format: ExportFormat): Promise<void> {
  if (format !== 'html') {
    await vscode.commands.executeCommand('vscode.open', file);
    return;
  }
  offerPage(file).catch(showFailure);
}

async function offerPage(file: vscode.Uri): Promise<void> {
  const { l10n, env, window } = vscode;
  const [open, reveal] = [l10n.t('Open in Browser'), l10n.t('Reveal')];
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  // The browser finds no file that lies on another machine.
  const isHere = file.scheme === 'file' && env.remoteName === undefined;
  const choices = isHere ? [open, reveal] : [reveal];
  const chosen = await window.showInformationMessage(l10n.t('Exported {0}', name), ...choices);
  if (chosen === open) {
    await env.openExternal(file);
  } else if (chosen === reveal) {
    await revealFile(file, isHere);
  }
}

/** `isHere`: on the machine of the user's file manager. */
export async function revealFile(file: vscode.Uri, isHere: boolean): Promise<void> {
  const isInExplorer = vscode.workspace.getWorkspaceFolder(file) !== undefined;
  const elsewhere = isInExplorer ? 'revealInExplorer' : 'vscode.open';
  await vscode.commands.executeCommand(isHere ? 'revealFileInOS' : elsewhere, file);
}
