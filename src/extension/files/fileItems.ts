// How files of sandboxes, and what is to be said of them, look in the tree.

import * as vscode from 'vscode';
import { toByteText } from '../../base/text';
import type { FileWritten } from '../../core/event';
import type { FileEntry } from '../../core/sandboxFiles';
import { hasFiles } from '../../core/sandboxPlace';
import { toCountText } from '../../export/wording';
import { toPlainLine, toPlainText } from '../plainText';
import type { FileNode, FileNoteNode } from '../sessions/sessionNode';
import type { SessionGroup } from '../sessions/sessionGroup';
import type { ItemParts } from '../sessions/itemParts';
import { toFileName } from './fileAddress';
import { toFileUri } from './fileUri';
import type { FileListing } from './sessionFileSource';

const { l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } = vscode;

const maxNameChars = 120;

export function createFileItem(node: FileNode, parts: ItemParts): vscode.TreeItem {
  const { form, path, sessionId } = node;
  const isFolder = form === 'folder';
  const { Collapsed, None } = TreeItemCollapsibleState;
  const name = toPlainLine(toFileName(path), maxNameChars);
  const item = new TreeItem(name, isFolder ? Collapsed : None);
  const entry = parts.tree.files.entryOf(node);
  const isNamed = entry === undefined || !('named' in entry) || entry.named;
  const facts = entry ? toFacts(entry) : [];
  item.description = facts.join(' · ');
  item.tooltip = toTooltip(node, entry, isNamed);
  item.accessibilityInformation = {
    label: [name, formWord(form), ...facts].filter((part) => part !== '').join(', '),
  };
  item.resourceUri = toFileUri({ sessionId, path });
  item.iconPath = isFolder ? ThemeIcon.Folder : ThemeIcon.File; // by the name, as the icon theme has it
  const actions = isNamed ? toActions(node, entry, parts) : [];
  item.contextValue = ['sandboxFile', ...actions].join(' ');
  if (actions.includes('can-saveFile')) {
    item.command = { command: 'rlm.openNode', title: l10n.t('Open File') };
  }
  return item;
}

export function createNoteItem(node: FileNoteNode, { tree }: ItemParts): vscode.TreeItem {
  const listing = tree.files.listingOf(node.sessionId, node.folder);
  const text = toNoteText(node, listing, tree.statusOf(node.sessionId));
  const item = new TreeItem(toPlainLine(text, 300), TreeItemCollapsibleState.None);
  item.tooltip = toPlainText(text);
  item.contextValue = 'fileNote';
  item.iconPath = toNoteIcon(node.note);
  return item;
}

/** The word of a `when` clause, with a space before it, where a file can be put into the session now. */
export function toUploadWord(sessionId: string, { tree, source }: ItemParts): string {
  return canUpload(sessionId, { tree, source }) ? ' can-upload' : '';
}

export function canUpload(
  sessionId: string,
  { tree, source }: Pick<ItemParts, 'tree' | 'source'>,
): boolean {
  const summary = tree.summaryOf(sessionId);
  const isLive = source.findLive(sessionId) !== undefined;
  return isLive && summary?.status === 'active' && hasFiles(summary) && vscode.workspace.isTrusted;
}

function toActions(
  { form, sessionId }: FileNode,
  entry: FileEntry | FileWritten | undefined,
  parts: ItemParts,
): readonly string[] {
  switch (form) {
    case 'folder':
      return ['can-copyPath', ...(canUpload(sessionId, parts) ? ['can-upload'] : [])];
    case 'file':
    case 'link':
      return ['can-copyPath', 'can-saveFile'];
    case 'recorded':
      return [
        'can-copyPath',
        ...(entry && 'keptAs' in entry && entry.keptAs !== null ? ['can-saveFile'] : []),
      ];
    case 'other':
      return ['can-copyPath'];
  }
}

function toFacts(entry: FileEntry | FileWritten): readonly string[] {
  if (!('named' in entry)) {
    return [toByteText(entry.bytes), l10n.t('uploaded after step {0}', entry.step)];
  }
  switch (entry.kind) {
    case 'folder':
      return [];
    case 'file':
      return [toByteText(entry.bytes)];
    case 'link':
      return [l10n.t('link')];
    case 'other':
      return [l10n.t('not a file')];
  }
}

function toTooltip(
  { path }: FileNode,
  entry: FileEntry | FileWritten | undefined,
  isNamed: boolean,
): string {
  const lines = [toPlainText(path)];
  if (entry && 'modifiedAt' in entry && entry.modifiedAt > 0) {
    lines.push(l10n.t('Changed {0}', new Date(entry.modifiedAt).toLocaleString()));
  }
  if (entry && 'sha256' in entry) {
    lines.push(`SHA-256 ${entry.sha256}`);
    if (entry.keptAs === null) {
      lines.push(l10n.t('From {0}, and not kept beside the trace', entry.sourcePath ?? ''));
    }
  }
  if (!isNamed) {
    lines.push(l10n.t('Its name is not UTF-8: code can rename it, after which it can be opened.'));
  }
  return lines.join('\n');
}

function formWord(form: FileNode['form']): string {
  switch (form) {
    case 'folder':
      return l10n.t('folder');
    case 'file':
    case 'recorded':
      return l10n.t('file');
    case 'link':
    case 'other':
      return ''; // its facts say so
  }
}

function toNoteText(
  { note }: FileNoteNode,
  listing: FileListing | undefined,
  status: SessionGroup | null,
): string {
  switch (note) {
    case 'busy':
      return l10n.t('A step is running: files are listed when it has ended');
    case 'old':
      return l10n.t('As they were before the step that is running');
    case 'empty':
      return l10n.t('No files');
    case 'lost':
      return l10n.t('Files that were here are gone: the worker that held them was lost');
    case 'failed':
      return listing?.kind === 'failed' ? listing.message : '';
    case 'more': {
      const more = listing?.kind === 'listed' ? listing.total - listing.entries.length : 0;
      return l10n.t('{0} more are not listed: look for them with code', toCountText(more));
    }
    case 'absent':
      return toAbsenceText(status, listing?.kind === 'recorded' && listing.files.length > 0);
  }
}

function toAbsenceText(status: SessionGroup | null, hasUploads: boolean): string {
  const known = hasUploads
    ? l10n.t('Below is what was uploaded, by its trace.')
    : l10n.t('Nothing was uploaded.');
  switch (status) {
    case 'elsewhere':
      return `${l10n.t('Another engine runs this session and has its files.')} ${known}`;
    case 'closed':
    case 'interrupted':
      return `${l10n.t('The sandbox is not there: resume the session to see its files.')} ${known}`;
    case 'active':
    case 'stopped':
    case 'finalized':
    case null:
      return `${l10n.t('The session has ended, and its files are gone with its sandbox.')} ${known}`;
  }
}

function toNoteIcon(note: FileNoteNode['note']): vscode.ThemeIcon {
  switch (note) {
    case 'failed':
    case 'lost':
      return new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
    case 'busy':
    case 'old':
      return new ThemeIcon('loading~spin');
    case 'absent':
    case 'empty':
    case 'more':
      return new ThemeIcon('info');
  }
}
