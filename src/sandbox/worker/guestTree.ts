// What the files of a guest look like to those who work on them beside its code: emscripten's file system of a Python
// guest, or the tree of a JavaScript guest (memoryTree.ts). And the paths that may be reached: those of its work folder and /tmp.

import type { TreeError } from '../../protocol/shell';

/** What we use of emscripten's FS object, beside what guestFiles.ts does. Source: its documented File System API. */
export interface GuestTree {
  lookupPath(
    path: string,
    options?: { readonly follow: boolean },
  ): { readonly node: { readonly mode: number } };
  readdir(path: string): string[];
  readlink(path: string): string;
  lstat(path: string): TreeNodeState;
  open(path: string, flags: number, mode?: number): OpenFile;
  read(file: OpenFile, into: Uint8Array, at: number, size: number, position: number): number;
  write(file: OpenFile, from: Uint8Array, at: number, size: number, position: number): number;
  close(file: OpenFile): void;
  mkdir(path: string, mode?: number): unknown;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  symlink(target: string, path: string): unknown;
  chmod(path: string, mode: number): void;
  utime(path: string, accessedMs: number, modifiedMs: number): void;
}

export interface TreeNodeState {
  readonly mode: number;
  readonly size: number;
  readonly ino: number;
  readonly mtime: Date;
}

export type OpenFile = object;

export const workFolder = '/work';
export const roots: readonly string[] = [workFolder, '/tmp'];
const kindMask = 0o170000;
export const [isFile, isFolder, isLink] = [0o100000, 0o040000, 0o120000] as const;
/** Of emscripten, as of Linux. */
export const openFlags = {
  read: 0,
  write: 0o1,
  create: 0o100,
  exclusive: 0o200,
  truncate: 0o1000,
} as const;
const maxLinks = 40;

export const kindOf = (mode: number): number => mode & kindMask;

/** WASI's error numbers. */
export const errnoByCode = {
  EACCES: 2,
  EEXIST: 20,
  EFBIG: 22,
  EINVAL: 28,
  EIO: 29,
  EISDIR: 31,
  ELOOP: 32,
  ENAMETOOLONG: 37,
  ENOENT: 44,
  ENOSPC: 51,
  ENOTDIR: 54,
  ENOTEMPTY: 55,
  EPERM: 63,
} as const satisfies Record<TreeError, number>;

export class TreeRefusal extends Error {
  readonly errno: number;

  constructor(code: TreeError) {
    super(code);
    this.errno = errnoByCode[code];
  }
}

/** What a system call said; EIO for what is none of these. */
export function toTreeError(thrown: unknown): TreeError {
  const errno =
    typeof thrown === 'object' && thrown !== null && 'errno' in thrown ? thrown.errno : null;
  const found = Object.entries(errnoByCode).find(([, number]) => number === errno);
  return (found?.[0] ?? 'EIO') as TreeError; // a key of the table
}

/** Null: there is nothing. */
export function readMode(tree: GuestTree, path: string): number | null {
  try {
    return tree.lookupPath(path, { follow: false }).node.mode;
  } catch (thrown) {
    if (toTreeError(thrown) === 'ENOENT') {
      return null;
    }
    throw thrown;
  }
}

/**
 * An absolute path without links, but for the last part where `followLast` is false and no slash ends the path. What is
 * not there yet is taken as it is written. Null: it leads outside of what may be reached.
 * @throws TreeRefusal 'ELOOP', and as the system does where `..` or an end slash is behind what is no folder
 */
export function resolvePath(tree: GuestTree, given: string, followLast: boolean): string | null {
  const meansFolder = /\/\.?$/u.test(given);
  const follows = followLast || meansFolder;
  const left = [...(given.startsWith('/') ? [] : [workFolder]), given].join('/').split('/');
  const way: string[] = [];
  let links = 0;
  let lack: TreeError | null = null;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === '..') {
      lack ??= findLack(tree, `/${way.join('/')}`);
      way.pop();
    } else if (name !== '' && name !== '.') {
      const candidate = `/${[...way, name].join('/')}`;
      const mode = isReachable(candidate) ? readMode(tree, candidate) : null;
      const isLast = left.every((part) => part === '' || part === '.');
      if (mode !== null && kindOf(mode) === isLink && (follows || !isLast)) {
        links += 1;
        if (links > maxLinks) {
          throw new TreeRefusal('ELOOP');
        }
        const target = tree.readlink(candidate);
        way.splice(0, target.startsWith('/') ? way.length : 0);
        left.unshift(...target.split('/'));
      } else {
        way.push(name);
      }
    }
  }
  const path = `/${way.join('/')}`;
  if (!isReachable(path)) {
    return null;
  }
  if (lack === null && meansFolder && readMode(tree, path) !== null) {
    lack = findLack(tree, path);
  }
  if (lack !== null) {
    throw new TreeRefusal(lack);
  }
  return path;
}

/** Why there is no folder; null: there is one. Of what is outside nothing is known. */
function findLack(tree: GuestTree, path: string): TreeError | null {
  const mode = isReachable(path) ? readMode(tree, path) : isFolder;
  return mode === null ? 'ENOENT' : kindOf(mode) === isFolder ? null : 'ENOTDIR';
}

/** Nothing outside is even looked at: what is there is the interpreter's. */
function isReachable(path: string): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}
