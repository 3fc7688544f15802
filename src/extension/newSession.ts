// Opens sessions from the editor: over files, folders, or the selected text.

import * as vscode from 'vscode';
import { toByteText } from '../base/text';
import type { GivenContext } from '../core/context';
import { RlmError } from '../core/errors';
import type { Session } from '../core/session';
import type { EngineHost } from './engineHost';
import { runCancellable } from './progress';
import { readLanguage, readLimits } from './settings';

export interface NewSessionParts {
  readonly host: EngineHost;
  /** A person has chosen this file or folder, so it may be read from now on. */
  readonly allow: (path: string) => void;
}

/** Asks for files where none are given; undefined when the person gave up. */
export async function openFromFiles(
  given: readonly vscode.Uri[],
  parts: NewSessionParts,
): Promise<Session | undefined> {
  const uris = given.length > 0 ? given : await pickFiles();
  if (uris.length === 0) {
    return undefined;
  }
  const remote = uris.find(({ scheme }) => scheme !== 'file');
  if (remote) {
    throw new RlmError('INVALID_INPUT', `${remote.toString(true)} is not a file on this machine.`, {
      nextStep: 'Open it and start a session from its text: select all, then use the context menu.',
    });
  }
  const paths = uris.map(({ fsPath }) => fsPath);
  paths.forEach(parts.allow);
  const [first = ''] = uris.map((uri) => vscode.workspace.asRelativePath(uri));
  const title = uris.length > 1 ? vscode.l10n.t('{0} and {1} more', first, uris.length - 1) : first;
  return openSession({ text: null, paths }, title, parts);
}

export async function openFromSelection(
  editor: vscode.TextEditor,
  parts: NewSessionParts,
): Promise<Session> {
  const { document, selections } = editor;
  const texts = selections.map((selection) => document.getText(selection));
  const text = texts.filter((one) => one !== '').join('\n');
  if (text === '') {
    throw new RlmError('INVALID_INPUT', 'Nothing is selected.', {
      nextStep: 'Select the text that the session is to be about.',
    });
  }
  const [first] = selections;
  const name = vscode.workspace.asRelativePath(document.uri);
  const title = first ? `${name}:${first.start.line + 1}–${first.end.line + 1}` : name;
  return openSession({ text, paths: [] }, title, parts);
}

async function openSession(
  context: GivenContext,
  title: string,
  { host }: NewSessionParts,
): Promise<Session> {
  const request = { context, title, language: readLanguage(), limits: readLimits() };
  return runCancellable(vscode.l10n.t('Opening the session'), async ({ signal, report }) => {
    const engine = await host.start();
    return engine.sessions.openSession(request, signal, (bytes) =>
      report(vscode.l10n.t('{0} read', toByteText(bytes))),
    );
  });
}

async function pickFiles(): Promise<readonly vscode.Uri[]> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const picked = await vscode.window.showOpenDialog({
    canSelectFiles: true,
    // Windows and Linux show either files or folders in one dialog; folders come from the explorer.
    canSelectFolders: process.platform === 'darwin',
    canSelectMany: true,
    openLabel: vscode.l10n.t('Open Session'),
    title: vscode.l10n.t('Choose what the session is to be about'),
    ...(folder ? { defaultUri: folder } : {}),
  });
  return picked ?? [];
}
