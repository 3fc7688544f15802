// The files of sessions as nodes of the tree: what is listed in a folder, and what is to be said of it.

import type { FileWritten } from '../../core/event';
import type { FileEntry } from '../../core/sandboxFiles';
import type { FileNode, FileNote, FileNoteNode, SessionNode } from '../sessions/sessionNode';
import { type FileListing, type SessionFileSource, workFolder } from './sessionFileSource';

type ChildNode = FileNode | FileNoteNode;

export class FileTree {
  readonly #source: SessionFileSource;
  /** What was listed last: by session, then by folder. */
  readonly #listings = new Map<string, Map<string, FileListing>>();

  constructor(source: SessionFileSource) {
    this.#source = source;
  }

  /** Folders first. */
  async list(sessionId: string, folder: string): Promise<readonly ChildNode[]> {
    const listing = await this.#source.list(sessionId, folder);
    const folders = this.#listings.get(sessionId) ?? new Map<string, FileListing>();
    this.#listings.set(sessionId, folders.set(folder, listing));
    const notes = listNotes(listing, folder).map(
      (note) => ({ kind: 'fileNote', sessionId, folder, note }) as const,
    );
    const isBefore = ({ note }: FileNoteNode): boolean => note !== 'more';
    return [
      ...notes.filter(isBefore),
      ...toFileNodes(listing, sessionId, folder),
      ...notes.filter((one) => !isBefore(one)),
    ];
  }

  listingOf(sessionId: string, folder: string): FileListing | undefined {
    return this.#listings.get(sessionId)?.get(folder);
  }

  /** Of the sandbox, or as the trace has it. */
  entryOf({
    sessionId,
    folder,
    path,
    form,
    number,
  }: FileNode): FileEntry | FileWritten | undefined {
    const listing = this.listingOf(sessionId, folder);
    switch (listing?.kind) {
      case 'listed':
        return listing.entries.filter((one) => one.path === path && one.kind === form)[number];
      case 'recorded':
        return listing.files.find((one) => one.path === path);
      case 'busy':
      case 'failed':
      case undefined:
        return undefined;
    }
  }

  parentOf({ sessionId, folder }: ChildNode): SessionNode {
    if (folder === workFolder) {
      return { kind: 'section', sessionId, section: 'files' };
    }
    const folders = [...(this.#listings.get(sessionId) ?? [])];
    const above = folders.find(
      ([, listing]) =>
        listing.kind === 'listed' && listing.entries.some(({ path }) => path === folder),
    );
    const [parent = workFolder] = above ?? [];
    return { kind: 'file', sessionId, form: 'folder', path: folder, folder: parent, number: 0 };
  }

  /** What was listed may have changed without a word in the trace. */
  forget(sessionId: string): void {
    this.#source.forget(sessionId);
  }

  /** The session is gone. */
  drop(sessionId: string): void {
    this.#listings.delete(sessionId);
  }
}

function listNotes(listing: FileListing, folder: string): readonly FileNote[] {
  switch (listing.kind) {
    case 'busy':
      return ['busy'];
    case 'failed':
      return ['failed'];
    case 'recorded':
      return folder === workFolder ? ['absent'] : [];
    case 'listed': {
      const { entries, total, isOld, filesLost } = listing;
      const notes = {
        old: isOld,
        lost: filesLost,
        empty: total === 0,
        more: total > entries.length,
      };
      const names = Object.keys(notes) as (keyof typeof notes)[]; // its own keys
      return names.filter((name) => notes[name]);
    }
  }
}

function toFileNodes(listing: FileListing, sessionId: string, folder: string): readonly FileNode[] {
  if (listing.kind === 'recorded') {
    const files = folder === workFolder ? listing.files : [];
    return files.map(({ path }) => {
      return { kind: 'file', sessionId, form: 'recorded', path, folder, number: 0 };
    });
  }
  if (listing.kind !== 'listed') {
    return [];
  }
  const seen = new Map<string, number>();
  const nodes = listing.entries.map(({ path, kind: form }) => {
    const key = `${form}/${path}`;
    const number = seen.get(key) ?? 0;
    seen.set(key, number + 1);
    return { kind: 'file', sessionId, form, path, folder, number } as const;
  });
  const isFolder = ({ form }: FileNode): boolean => form === 'folder';
  return [...nodes.filter(isFolder), ...nodes.filter((node) => !isFolder(node))];
}
