// The folders that contexts may be read from: those of the workspace, those of the settings, and what a
// person has picked in this window.

import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { readAllowedFolders } from './settings';

export class ReadableFolders {
  readonly #picked = new Set<string>();

  /** For as long as the window is open. */
  readonly allow = (path: string): void => {
    this.#picked.add(path);
  };

  /** As they are now; folders that are not on this machine's disk have no path. */
  readonly list = (): readonly string[] => [
    ...new Set([...listWorkspaceFolders(), ...readAllowedFolders(), ...this.#picked]),
  ];
}

export function listWorkspaceFolders(): readonly string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

/** Where relative paths start, and what names of sources are relative to. */
export function readBaseFolder(): string {
  return listWorkspaceFolders()[0] ?? homedir();
}
