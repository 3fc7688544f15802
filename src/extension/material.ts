// What a person chooses for a session or a question: files, folders, or selected text.

import * as vscode from 'vscode';
import type { GivenContext } from '../core/context';
import { RlmError } from '../core/errors';

export interface Material {
  readonly context: GivenContext;
  /** Names it for people. */
  readonly title: string;
}

export interface PickParts {
  /** A person has chosen this file or folder, so it may be read from now on. */
  readonly allow: (path: string) => void;
}

interface PickWords {
  readonly title: string;
  /** On the dialog's button. */
  readonly label: string;
}

/** Asks for files where none are given; undefined when the person gave up. */
export async function pickMaterial(
  given: readonly vscode.Uri[],
  words: PickWords,
  { allow }: PickParts,
): Promise<Material | undefined> {
  const uris = given.length > 0 ? given : await pickFiles(words);
  if (uris.length === 0) {
    return undefined;
  }
  const remote = uris.find(({ scheme }) => scheme !== 'file');
  if (remote) {
    throw new RlmError('INVALID_INPUT', `${remote.toString(true)} is not a file on this machine.`, {
      nextStep: 'Open it and start from its text: select all, then use the context menu.',
    });
  }
  const paths = uris.map(({ fsPath }) => fsPath);
  paths.forEach(allow);
  const [first = ''] = uris.map((uri) => vscode.workspace.asRelativePath(uri));
  const title = uris.length > 1 ? vscode.l10n.t('{0} and {1} more', first, uris.length - 1) : first;
  return { context: { text: null, paths }, title };
}

/** The same files, read with an encoding that a person has chosen. */
export function withEncoding({ context, title }: Material, encoding: string): Material {
  return { context: { ...context, encoding }, title };
}

/** @throws RlmError 'INVALID_INPUT' when nothing is selected. */
export function takeSelection({ document, selections }: vscode.TextEditor): Material {
  const texts = selections.map((selection) => document.getText(selection));
  const text = texts.filter((one) => one !== '').join('\n');
  if (text === '') {
    throw new RlmError('INVALID_INPUT', 'Nothing is selected.', {
      nextStep: 'Select the text that it is to be about.',
    });
  }
  const [first] = selections;
  const name = vscode.workspace.asRelativePath(document.uri);
  const title = first ? `${name}:${first.start.line + 1}–${first.end.line + 1}` : name;
  return { context: { text, paths: [] }, title };
}

async function pickFiles({ title, label }: PickWords): Promise<readonly vscode.Uri[]> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const picked = await vscode.window.showOpenDialog({
    canSelectFiles: true,
    // Windows and Linux show either files or folders in one dialog; folders come from the explorer.
    canSelectFolders: process.platform === 'darwin',
    canSelectMany: true,
    openLabel: label,
    title,
    ...(folder ? { defaultUri: folder } : {}),
  });
  return picked ?? [];
}
