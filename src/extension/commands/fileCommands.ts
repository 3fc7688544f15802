// Commands on files of sandboxes, called on nodes of the tree, on the file in front, or on files of the explorer.

import * as vscode from 'vscode';
import type { FileActions, ChosenFile } from '../files/fileActions';
import { fileScheme } from '../files/fileAddress';
import { canUpload } from '../files/fileItems';
import { parseFileUri } from '../files/fileUri';
import { workFolder } from '../files/sessionFileSource';
import { type UploadParts, uploadFiles } from '../files/uploadFiles';
import type { SessionSource } from '../sessionSource';
import type { SessionIndex } from '../sessions/sessionIndex';
import { type FileNode, type SessionNode, toSessionId } from '../sessions/sessionNode';
import type { SessionTree } from '../sessions/sessionTree';
import { toCalledFiles, toChosenNodes, toNode } from './chosenNodes';
import { pickSession } from './targets';

export interface FileCommandParts extends UploadParts {
  readonly fileActions: FileActions;
  readonly tree: SessionTree;
  readonly index: SessionIndex;
  readonly source: SessionSource;
  readonly view: { readonly selection: readonly SessionNode[] };
}

type Run = (...args: unknown[]) => Promise<unknown> | void;

export function listFileCommands(parts: FileCommandParts): Record<string, Run> {
  const { fileActions, tree, view } = parts;
  const nodesOf = (args: readonly unknown[]): readonly FileNode[] =>
    toChosenNodes(args, view.selection).filter((node) => node.kind === 'file');
  const filesOf = (args: readonly unknown[]): readonly ChosenFile[] =>
    toOpenedFile(args) ?? nodesOf(args).flatMap((node) => toChosenFile(node, tree));
  return {
    openFile: (...args) => fileActions.open(filesOf(args)),
    saveFile: (...args) => fileActions.save(filesOf(args)),
    copyFilePath: (...args) => fileActions.copyPaths(nodesOf(args).map(({ path }) => path)),
    refreshFiles: (...args) => {
      const node = toNode(args) ?? view.selection[0];
      const sessionId = node && toSessionId(node);
      return sessionId ? tree.refreshFiles(sessionId) : undefined;
    },
    uploadFile: async (...args) => {
      const node = toNode(args);
      const sessionId = await findUploadSession(node, parts);
      const folder = node?.kind === 'file' && node.form === 'folder' ? node.path : workFolder;
      return sessionId && uploadFiles(toUris(args), { sessionId, folder }, parts);
    },
  };
}

/** Folders, and what cannot be named, are none. */
export function toChosenFile(node: FileNode, tree: SessionTree): readonly ChosenFile[] {
  const { sessionId, path, form } = node;
  const entry = tree.files.entryOf(node);
  const isFile = form === 'file' || form === 'link' || form === 'recorded';
  if (!entry || !isFile || ('named' in entry && !entry.named)) {
    return [];
  }
  const recorded = 'sha256' in entry ? entry.sha256 : null;
  return [{ sessionId, path, recorded, bytes: form === 'link' ? null : entry.bytes }];
}

/** The files of a command that the explorer calls. */
export function toUris(args: readonly unknown[]): readonly vscode.Uri[] {
  return toCalledFiles(args, (one) => one instanceof vscode.Uri);
}

/** Of the editor that a command was called on, or that is in front; undefined: it is none of a sandbox. */
function toOpenedFile(args: readonly unknown[]): readonly ChosenFile[] | undefined {
  const { input } = vscode.window.tabGroups.activeTabGroup.activeTab ?? {};
  const isOpen = input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom;
  const [given] = args;
  const uri = given instanceof vscode.Uri ? given : isOpen && !given ? input.uri : undefined;
  return uri?.scheme === fileScheme ? [{ ...parseFileUri(uri), bytes: null }] : undefined;
}

async function findUploadSession(
  node: SessionNode | undefined,
  parts: FileCommandParts,
): Promise<string | undefined> {
  const given = node && toSessionId(node);
  return (
    given ??
    pickSession(parts.index, ({ sessionId }) => canUpload(sessionId, parts), {
      placeHolder: vscode.l10n.t('Session whose sandbox takes the files'),
      none: vscode.l10n.t('No session that is live in this window can take files.'),
    })
  );
}
