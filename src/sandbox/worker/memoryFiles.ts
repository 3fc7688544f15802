// Operations on the files of a guest, which lie in this worker's memory. They are done while the guest waits for its
// next message, and reach its work folder and /tmp alone.

import type {
  FileAnswer,
  FileEntry,
  FileOperation,
  FileRefused,
  fileRefusals,
} from '../../core/sandboxFiles';
import type { TreeError } from '../../protocol/shell';
import type { FilesMessage } from '../../protocol/worker';
import { decodeBase64, encodeBase64 } from './base64';
import {
  type GuestTree,
  type OpenFile,
  type TreeNodeState,
  isFile,
  isFolder,
  isLink,
  kindOf,
  openFlags,
  readMode,
  resolvePath,
  roots,
  toTreeError,
} from './guestTree';
import { serveTree } from './treeServer';

type Reason = (typeof fileRefusals)[number];

const encoder = new TextEncoder();
const maxNameBytes = 255;
const newFile = openFlags.write | openFlags.create | openFlags.exclusive;
const reasons: Readonly<Partial<Record<TreeError, Reason>>> = {
  EEXIST: 'exists',
  EISDIR: 'wrong_kind',
  ELOOP: 'wrong_kind',
  ENAMETOOLONG: 'invalid',
  ENOENT: 'missing',
  ENOSPC: 'full',
  ENOTDIR: 'wrong_kind',
};

class Refusal extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}

interface Upload {
  readonly given: string;
  readonly path: string;
  readonly temporary: string;
  readonly file: OpenFile;
  written: number;
}

type WriteOperation = Extract<FileOperation, { kind: 'write' }>;

export class MemoryFiles {
  readonly #files: GuestTree;
  #upload: Upload | null = null;
  #uploads = 0;

  constructor(files: GuestTree) {
    this.#files = files;
  }

  /** Never throws. */
  answer({ operation, files }: Pick<FilesMessage, 'operation' | 'files'>): FileAnswer {
    try {
      if (operation.kind !== 'write') {
        this.abandon();
      }
      if (files) {
        serveTree(this.#files, files);
      }
      return this.#answer(operation);
    } catch (thrown) {
      return toRefused(thrown);
    }
  }

  /** What was uploaded in part is gone. */
  abandon(): void {
    const upload = this.#upload;
    this.#upload = null;
    if (upload) {
      this.#files.close(upload.file);
      try {
        this.#files.unlink(upload.temporary);
      } catch {
        // it has taken its name, or code removed it
      }
    }
  }

  #answer(operation: FileOperation): FileAnswer {
    switch (operation.kind) {
      case 'list':
        return this.#list(operation.path, operation.maxEntries);
      case 'read':
        return this.#read(operation);
      case 'write':
        return this.#write(operation);
      case 'shell':
        throw new Refusal('failed', 'the shell gave no answer'); // it answers for itself
    }
  }

  #list(given: string, maxEntries: number): FileAnswer {
    const path = this.#resolve(given);
    const state = this.#files.lstat(path);
    if (kindOf(state.mode) !== isFolder) {
      return { kind: 'list', path, entries: [toEntry(path, state)], total: 1 };
    }
    const names = this.#files
      .readdir(path)
      .filter((name) => name !== '.' && name !== '..')
      .sort();
    const entries = names.slice(0, maxEntries).map((name) => {
      const entry = `${path}/${name}`;
      return toEntry(entry, this.#files.lstat(entry));
    });
    return { kind: 'list', path, entries, total: names.length };
  }

  #read({ path: given, offset, maxBytes }: Extract<FileOperation, { kind: 'read' }>): FileAnswer {
    const path = this.#resolve(given);
    const { mode, size, ino, mtime } = this.#files.lstat(path);
    requireFile(path, mode);
    const bytes = new Uint8Array(Math.max(0, Math.min(maxBytes, size - offset)));
    const file = this.#files.open(path, 0);
    try {
      const got = bytes.length === 0 ? 0 : this.#files.read(file, bytes, 0, bytes.length, offset);
      const content = encodeBase64(bytes.subarray(0, got));
      const version = `${ino}-${mtime.getTime()}-${size}`;
      return { kind: 'read', path, content, totalBytes: size, version };
    } finally {
      this.#files.close(file);
    }
  }

  #write(operation: WriteOperation): FileAnswer {
    const { path: given, offset, content, totalBytes } = operation;
    if (offset === 0) {
      this.abandon();
      this.#upload = this.#begin(operation);
    }
    const upload = this.#upload;
    if (upload?.given !== given || upload.written !== offset) {
      throw new Refusal('failed', 'the pieces of the file came out of order');
    }
    try {
      const bytes = decodeBase64(content);
      if (bytes.length > 0) {
        upload.written += this.#files.write(upload.file, bytes, 0, bytes.length, offset);
      }
      const isWhole = upload.written === totalBytes;
      const replaced = isWhole && this.#finish(upload, operation);
      if (isWhole) {
        this.abandon();
      }
      return { kind: 'write', path: upload.path, replaced };
    } catch (thrown) {
      this.abandon();
      throw thrown;
    }
  }

  #begin({ path: given, overwrite }: WriteOperation): Upload {
    const path = this.#resolve(given);
    const mode = readMode(this.#files, path);
    if (given.endsWith('/') || (mode !== null && kindOf(mode) === isFolder)) {
      throw new Refusal('wrong_kind', `${path} is a folder; name a file`);
    }
    if (mode !== null && !overwrite) {
      throw new Refusal('exists', `${path} is there already`);
    }
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (encoder.encode(name).length > maxNameBytes) {
      throw new Refusal('invalid', 'the name is longer than a file’s may be');
    }
    const folder = path.slice(0, path.lastIndexOf('/'));
    this.#makeFolders(folder);
    this.#uploads += 1;
    const temporary = `${folder}/.upload-${this.#uploads}`;
    const file = this.#files.open(temporary, newFile, 0o644);
    return { given, path, temporary, file, written: 0 };
  }

  /** Whether it took the place of another. Nothing runs in between: the guest waits. */
  #finish({ path, temporary }: Upload, { overwrite }: WriteOperation): boolean {
    const mode = readMode(this.#files, path);
    if (mode !== null) {
      requireFile(path, mode);
    }
    if (mode !== null && !overwrite) {
      throw new Refusal('exists', `${path} is there already`);
    }
    this.#files.rename(temporary, path);
    return mode !== null;
  }

  #makeFolders(folder: string): void {
    let at = '';
    for (const name of folder.split('/').filter((one) => one !== '')) {
      at += `/${name}`;
      if (readMode(this.#files, at) === null) {
        this.#files.mkdir(at);
      }
    }
  }

  #resolve(given: string): string {
    if (given === '' || given.includes('\0') || !given.isWellFormed()) {
      throw new Refusal('invalid', `${JSON.stringify(given)} is not a path`);
    }
    const path = resolvePath(this.#files, given, true);
    if (path === null) {
      throw new Refusal('outside', `${given} is outside ${roots.join(', ')}`);
    }
    return path;
  }
}

function requireFile(path: string, mode: number): void {
  if (kindOf(mode) !== isFile) {
    const what = kindOf(mode) === isFolder ? 'a folder' : 'something else';
    throw new Refusal('wrong_kind', `${path} is ${what}, not a file`);
  }
}

function toEntry(path: string, { mode, size, mtime }: TreeNodeState): FileEntry {
  const kinds = { [isFile]: 'file', [isFolder]: 'folder', [isLink]: 'link' } as const;
  return {
    path: path.toWellFormed(),
    kind: kinds[kindOf(mode) as keyof typeof kinds] ?? 'other',
    bytes: size,
    modifiedAt: Math.trunc(mtime.getTime()),
    named: path.isWellFormed(),
  };
}

function toRefused(thrown: unknown): FileRefused {
  const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'it failed';
  const reason = toReason(thrown);
  const isLoop = !(thrown instanceof Refusal) && toTreeError(thrown) === 'ELOOP';
  const words = thrown instanceof Refusal ? message : isLoop ? linkLoop : wordsOf[reason];
  return { kind: 'refused', reason, message: (words ?? message).slice(0, 2_000) };
}

const linkLoop = 'it leads through a loop of links';
const wordsOf: Readonly<Partial<Record<Reason, string>>> = {
  exists: 'it is there already',
  wrong_kind: 'it is no file, or a part of the path is no folder',
  invalid: 'its name is too long',
  missing: 'it does not exist',
  full: 'the file system in memory is full',
};

function toReason(thrown: unknown): Reason {
  if (thrown instanceof Refusal) {
    return thrown.reason;
  }
  return reasons[toTreeError(thrown)] ?? 'failed';
}
