// The one place where errors become messages and lines of the log.

import * as vscode from 'vscode';
import { toRlmError } from '../core/errors';
import { wordNextStep } from '../core/nextSteps';
import { toPlainText } from './plainText';

const noteMs = 8_000;

let output: vscode.LogOutputChannel | undefined;

/** The "RLM" output channel. Never takes context text, keys or tokens. */
export function openLog(): vscode.LogOutputChannel {
  output = vscode.window.createOutputChannel('RLM', { log: true });
  return output;
}

/** What asks for nothing: in the status bar, for a while. */
export function showNote(text: string): void {
  vscode.window.setStatusBarMessage(toPlainText(text), noteMs);
}

/** What a person's own action came to; a cancelled one needs no message. */
export function showFailure(thrown: unknown): void {
  const failure = toRlmError(thrown);
  if (failure.code === 'CANCELLED') {
    return;
  }
  output?.error(`${failure.code}: ${failure.message}`);
  if (failure.code === 'INTERNAL_ERROR') {
    output?.debug(failure.stack ?? '');
  }
  const showLog = vscode.l10n.t('Show Log');
  void vscode.window
    .showErrorMessage(
      toPlainText(`${failure.message} ${wordNextStep(failure.nextStep, 'editor')}`),
      showLog,
    )
    .then((chosen) => chosen === showLog && output?.show());
}
