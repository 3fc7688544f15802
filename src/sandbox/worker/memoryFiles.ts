// Operations on the files of a Python guest, which lie in emscripten's file system in this worker's memory. They are
// done while the guest waits for its next message, and reach its work folder and /tmp alone.

import type {
  FileAnswer,
  FileEntry,
  FileOperation,
  FileRefused,
  fileRefusals,
} from '../../core/sandboxFiles';
import { decodeBase64, encodeBase64 } from './base64';

/** What we use of emscripten's FS object, beside what guestFiles.ts does. Source: its documented File System API. */
export interface OperatedFiles {
  readonly ErrnoError: new (errno: number) => Error;
  lookupPath(path: string, options?: { readonly follow: boolean }): { readonly node: StatedNode };
  readdir(path: string): string[];
  readlink(path: string): string;
  lstat(path: string): FileState;
  open(path: string, flags: number, mode?: number): OpenFile;
  read(file: OpenFile, into: Uint8Array, at: number, size: number, position: number): number;
  write(file: OpenFile, from: Uint8Array, at: number, size: number, position: number): number;
  close(file: OpenFile): void;
  mkdir(path: string): unknown;
  rename(from: string, to: string): void;
  unlink(path: string): void;
}

interface StatedNode {
  readonly mode: number;
}

interface FileState {
  readonly mode: number;
  readonly size: number;
  readonly ino: number;
  readonly mtime: Date;
}

type OpenFile = object;
type Reason = (typeof fileRefusals)[number];

const workFolder = '/work';
const roots = [workFolder, '/tmp'];
const encoder = new TextEncoder();
const maxLinks = 40;
const maxNameBytes = 255;
const kindMask = 0o170000;
const [isFile, isFolder, isLink] = [0o100000, 0o040000, 0o120000];
/** Of emscripten: O_WRONLY | O_CREAT | O_EXCL. */
const newFile = 0o1 | 0o100 | 0o200;
/** WASI's error numbers. */
const reasons: Readonly<Record<number, Reason>> = {
  20: 'exists',
  31: 'wrong_kind',
  32: 'wrong_kind',
  37: 'invalid',
  44: 'missing',
  51: 'full',
  54: 'wrong_kind',
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
  readonly #files: OperatedFiles;
  #upload: Upload | null = null;
  #uploads = 0;

  constructor(files: OperatedFiles) {
    this.#files = files;
  }

  /** Never throws. */
  answer(operation: FileOperation): FileAnswer {
    try {
      if (operation.kind !== 'write') {
        this.abandon();
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
        throw new Refusal('unsupported', 'backend wasm has no shell');
    }
  }

  #list(given: string, maxEntries: number): FileAnswer {
    const path = this.#resolve(given);
    const state = this.#files.lstat(path);
    if ((state.mode & kindMask) !== isFolder) {
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
    const mode = this.#readMode(path);
    if (given.endsWith('/') || (mode !== null && (mode & kindMask) === isFolder)) {
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
    const mode = this.#readMode(path);
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
      if (this.#readMode(at) === null) {
        this.#files.mkdir(at);
      }
    }
  }

  /** Null: there is nothing. */
  #readMode(path: string): number | null {
    try {
      return this.#files.lookupPath(path, { follow: false }).node.mode;
    } catch (thrown) {
      if (toReason(thrown) === 'missing') {
        return null;
      }
      throw thrown;
    }
  }

  /** An absolute path without links, below the roots; what is not there yet is taken as it is written. */
  #resolve(given: string): string {
    if (given === '' || given.includes('\0') || !given.isWellFormed()) {
      throw new Refusal('invalid', `${JSON.stringify(given)} is not a path`);
    }
    const left = [...(given.startsWith('/') ? [] : [workFolder]), given].join('/').split('/');
    const way: string[] = [];
    let links = 0;
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      if (name === '..') {
        way.pop();
      } else if (name !== '' && name !== '.') {
        const candidate = `/${[...way, name].join('/')}`;
        const mode = this.#readMode(candidate);
        if (mode !== null && (mode & kindMask) === isLink) {
          links += 1;
          if (links > maxLinks) {
            throw new Refusal('wrong_kind', `${given} leads through a loop of links`);
          }
          const target = this.#files.readlink(candidate);
          way.splice(0, target.startsWith('/') ? way.length : 0);
          left.unshift(...target.split('/'));
        } else {
          way.push(name);
        }
      }
    }
    const path = `/${way.join('/')}`;
    if (!roots.some((root) => path === root || path.startsWith(`${root}/`))) {
      throw new Refusal('outside', `${given} is outside ${roots.join(', ')}`);
    }
    return path;
  }
}

function requireFile(path: string, mode: number): void {
  if ((mode & kindMask) !== isFile) {
    const what = (mode & kindMask) === isFolder ? 'a folder' : 'something else';
    throw new Refusal('wrong_kind', `${path} is ${what}, not a file`);
  }
}

function toEntry(path: string, { mode, size, mtime }: FileState): FileEntry {
  const kinds = { [isFile]: 'file', [isFolder]: 'folder', [isLink]: 'link' } as const;
  return {
    path: path.toWellFormed(),
    kind: kinds[mode & kindMask] ?? 'other',
    bytes: size,
    modifiedAt: Math.trunc(mtime.getTime()),
    named: path.isWellFormed(),
  };
}

function toRefused(thrown: unknown): FileRefused {
  const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'it failed';
  const reason = toReason(thrown);
  const words = thrown instanceof Refusal ? message : wordsOf[reason];
  return { kind: 'refused', reason, message: (words ?? message).slice(0, 2_000) };
}

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
  const isSystem = typeof thrown === 'object' && thrown !== null && 'errno' in thrown;
  return (isSystem ? reasons[Number(thrown.errno)] : undefined) ?? 'failed';
}
