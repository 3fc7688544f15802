// Where Codex may be taken from, and whose profiles count, in this window.

import * as vscode from 'vscode';
import type { AgentOptions } from '../../runtime/localAgents';
import { listWorkspaceFolders } from '../readableFolders';
import { readCodexPath } from '../settings';

export const readCodexPlaces: NonNullable<AgentOptions['places']> = () => {
  return {
    setting: readCodexPath(),
    environment: process.env,
    untrusted: vscode.workspace.isTrusted ? [] : listWorkspaceFolders(),
    platform: process.platform,
    arch: process.arch,
    nodePath: process.execPath,
  };
};

/** Only what a person trusts may say what agents are. */
export function listTrustedFolders(): readonly string[] {
  return vscode.workspace.isTrusted ? listWorkspaceFolders() : [];
}
