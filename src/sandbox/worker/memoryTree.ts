// The files of a JavaScript guest: a tree in this worker's memory, bounded in bytes, files and lengths. Nothing but
// folders, files and symbolic links, and no owner: who may call it may read and write all.

import {
  type GuestTree,
  type OpenFile,
  type TreeNodeState,
  TreeRefusal,
  isFile,
  isFolder,
  isLink,
  openFlags,
} from './guestTree';

export interface TreeQuota {
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly maxPathChars: number;
}

interface FileNode {
  readonly kind: 'file';
  readonly ino: number;
  mode: number;
  mtime: number;
  /** May be longer than what is in it. */
  bytes: Uint8Array;
  size: number;
  opened: number;
  removed: boolean;
}

interface FolderNode {
  readonly kind: 'folder';
  readonly ino: number;
  mode: number;
  mtime: number;
  readonly children: Map<string, Node>;
}

interface LinkNode {
  readonly kind: 'link';
  readonly ino: number;
  mode: number;
  mtime: number;
  readonly target: string;
}

type Node = FileNode | FolderNode | LinkNode;

const kindBits = { file: isFile, folder: isFolder, link: isLink } as const;
const maxNameBytes = 255;
const maxLinks = 40;
/** What a file holds at least, and a file, folder or link beside its bytes. */
const nodeBytes = 256;
const encoder = new TextEncoder();

class Opened {
  readonly node: FileNode;
  readonly writes: boolean;

  constructor(node: FileNode, writes: boolean) {
    this.node = node;
    this.writes = writes;
  }
}

export class MemoryTree implements GuestTree {
  readonly #quota: TreeQuota;
  readonly #root: FolderNode;
  readonly #now: () => number;
  #bytes = 0;
  #nodes = 0;
  #inodes = 0;

  /** With the folders `roots`, which are absolute and directly below `/`. */
  constructor(quota: TreeQuota, roots: readonly string[], now: () => number) {
    this.#quota = quota;
    this.#now = now;
    this.#root = this.#createFolder(0o755);
    for (const root of roots) {
      this.mkdir(root, 0o755);
    }
  }

  lookupPath(
    path: string,
    options = { follow: true },
  ): { readonly node: { readonly mode: number } } {
    const node = this.#find(path, options.follow);
    return { node: { mode: kindBits[node.kind] | node.mode } };
  }

  readdir(path: string): string[] {
    return ['.', '..', ...this.#findFolder(path).children.keys()];
  }

  readlink(path: string): string {
    const node = this.#find(path, false);
    if (node.kind !== 'link') {
      throw new TreeRefusal('EINVAL');
    }
    return node.target;
  }

  lstat(path: string): TreeNodeState {
    const node = this.#find(path, false);
    const { mode, ino, mtime } = node;
    return { mode: kindBits[node.kind] | mode, size: sizeOf(node), ino, mtime: new Date(mtime) };
  }

  open(path: string, flags: number, mode = 0o644): OpenFile {
    const { write, create, exclusive, truncate } = openFlags;
    const { folder, name, node: found } = this.#locate(path, true);
    if (found && (flags & create) !== 0 && (flags & exclusive) !== 0) {
      throw new TreeRefusal('EEXIST');
    }
    if (!found && (flags & create) === 0) {
      throw new TreeRefusal('ENOENT');
    }
    const node = found ?? this.#add(folder, name, () => this.#createFile(mode));
    if (node.kind !== 'file') {
      throw new TreeRefusal('EISDIR');
    }
    if ((flags & truncate) !== 0) {
      this.#resize(node, 0);
    }
    node.opened += 1;
    return new Opened(node, (flags & write) !== 0);
  }

  read(file: OpenFile, into: Uint8Array, at: number, size: number, position: number): number {
    const { node } = requireOpened(file);
    const piece = node.bytes.subarray(
      Math.min(position, node.size),
      Math.min(position + size, node.size),
    );
    into.set(piece, at);
    return piece.length;
  }

  write(file: OpenFile, from: Uint8Array, at: number, size: number, position: number): number {
    const { node, writes } = requireOpened(file);
    if (!writes) {
      throw new TreeRefusal('EPERM');
    }
    if (position + size > node.size) {
      this.#resize(node, position + size);
    }
    node.bytes.set(from.subarray(at, at + size), position);
    node.mtime = this.#now();
    return size;
  }

  close(file: OpenFile): void {
    const { node } = requireOpened(file);
    node.opened -= 1;
    this.#release(node);
  }

  mkdir(path: string, mode = 0o755): void {
    const { folder, name, node } = this.#locate(path, false);
    if (node) {
      throw new TreeRefusal('EEXIST');
    }
    this.#add(folder, name, () => this.#createFolder(mode));
  }

  symlink(target: string, path: string): void {
    const { folder, name, node } = this.#locate(path, false);
    if (node) {
      throw new TreeRefusal('EEXIST');
    }
    if (target === '' || target.includes('\0')) {
      throw new TreeRefusal('ENOENT');
    }
    if (target.length > this.#quota.maxPathChars) {
      throw new TreeRefusal('ENAMETOOLONG');
    }
    const more = encoder.encode(target).length;
    this.#add(
      folder,
      name,
      () => {
        const kind = 'link' as const;
        return { kind, ino: this.#nextInode(), mode: 0o777, mtime: this.#now(), target };
      },
      more,
    );
  }

  rename(from: string, to: string): void {
    const source = this.#locate(from, false);
    const target = this.#locate(to, false);
    const { node } = source;
    if (!node) {
      throw new TreeRefusal('ENOENT');
    }
    if (node === target.node) {
      return;
    }
    if (node.kind === 'folder' && `${to}/`.startsWith(`${from}/`)) {
      throw new TreeRefusal('EINVAL');
    }
    if (target.node) {
      this.#requireReplaceable(node, target.node);
      target.folder.children.delete(target.name);
      this.#drop(target.node);
    }
    source.folder.children.delete(source.name);
    target.folder.children.set(target.name, node);
    source.folder.mtime = this.#now();
    target.folder.mtime = this.#now();
  }

  unlink(path: string): void {
    const { folder, name, node } = this.#locate(path, false);
    if (!node) {
      throw new TreeRefusal('ENOENT');
    }
    if (node.kind === 'folder') {
      throw new TreeRefusal('EISDIR');
    }
    folder.children.delete(name);
    folder.mtime = this.#now();
    this.#drop(node);
  }

  rmdir(path: string): void {
    const { folder, name, node } = this.#locate(path, false);
    if (!node) {
      throw new TreeRefusal('ENOENT');
    }
    if (node.kind !== 'folder') {
      throw new TreeRefusal('ENOTDIR');
    }
    if (node.children.size > 0) {
      throw new TreeRefusal('ENOTEMPTY');
    }
    folder.children.delete(name);
    folder.mtime = this.#now();
    this.#drop(node);
  }

  chmod(path: string, mode: number): void {
    this.#find(path, true).mode = mode & 0o7777;
  }

  utime(path: string, _accessedMs: number, modifiedMs: number): void {
    if (!Number.isFinite(modifiedMs)) {
      throw new TreeRefusal('EINVAL');
    }
    this.#find(path, true).mtime = modifiedMs;
  }

  #requireReplaceable(node: Node, replaced: Node): void {
    if (node.kind === 'folder' && replaced.kind !== 'folder') {
      throw new TreeRefusal('ENOTDIR');
    }
    if (node.kind !== 'folder' && replaced.kind === 'folder') {
      throw new TreeRefusal('EISDIR');
    }
    if (replaced.kind === 'folder' && replaced.children.size > 0) {
      throw new TreeRefusal('ENOTEMPTY');
    }
  }

  #find(path: string, follow: boolean): Node {
    const { node } = this.#locate(path, follow);
    if (!node) {
      throw new TreeRefusal('ENOENT');
    }
    return node;
  }

  #findFolder(path: string): FolderNode {
    const node = this.#find(path, true);
    if (node.kind !== 'folder') {
      throw new TreeRefusal('ENOTDIR');
    }
    return node;
  }

  /** Where a path leads, and what is there. */
  #locate(
    path: string,
    follow: boolean,
  ): { readonly folder: FolderNode; readonly name: string; readonly node: Node | undefined } {
    if (path.length > this.#quota.maxPathChars) {
      throw new TreeRefusal('ENAMETOOLONG');
    }
    const left = path.split('/');
    const above: FolderNode[] = [];
    let [folder, name, links]: [FolderNode, string, number] = [this.#root, '', 0];
    let node: Node | undefined = this.#root;
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      if (part === '' || part === '.') {
        continue;
      }
      if (node?.kind !== 'folder') {
        throw new TreeRefusal(node ? 'ENOTDIR' : 'ENOENT');
      }
      if (part === '..') {
        node = above.pop() ?? this.#root;
        [folder, name] = [node, ''];
        continue;
      }
      const within: FolderNode = node;
      [folder, name] = [within, part];
      node = within.children.get(part);
      const isLast = left.every((rest) => rest === '' || rest === '.');
      if (node?.kind === 'link' && (follow || !isLast)) {
        links += 1;
        if (links > maxLinks) {
          throw new TreeRefusal('ELOOP');
        }
        const isAbsolute = node.target.startsWith('/');
        left.unshift(...node.target.split('/'));
        above.splice(0, isAbsolute ? above.length : 0);
        node = isAbsolute ? this.#root : within;
      } else {
        above.push(within);
      }
    }
    return { folder, name, node };
  }

  /** `more`: bytes beside those of every node. */
  #add<Made extends Node>(folder: FolderNode, name: string, make: () => Made, more = 0): Made {
    if (name === '') {
      throw new TreeRefusal('EEXIST');
    }
    if (encoder.encode(name).length > maxNameBytes) {
      throw new TreeRefusal('ENAMETOOLONG');
    }
    if (this.#nodes >= this.#quota.maxFiles) {
      throw new TreeRefusal('ENOSPC');
    }
    this.#take(nodeBytes + more);
    const node = make();
    this.#nodes += 1;
    folder.children.set(name, node);
    folder.mtime = this.#now();
    return node;
  }

  #createFile(mode: number): FileNode {
    const [ino, mtime] = [this.#nextInode(), this.#now()];
    const bytes = new Uint8Array();
    return { kind: 'file', ino, mode, mtime, bytes, size: 0, opened: 0, removed: false };
  }

  #createFolder(mode: number): FolderNode {
    const [ino, mtime] = [this.#nextInode(), this.#now()];
    return { kind: 'folder', ino, mode, mtime, children: new Map() };
  }

  #nextInode(): number {
    this.#inodes += 1;
    return this.#inodes;
  }

  /** @throws TreeRefusal 'ENOSPC' */
  #take(bytes: number): void {
    if (this.#bytes + bytes > this.#quota.maxBytes) {
      throw new TreeRefusal('ENOSPC');
    }
    this.#bytes += bytes;
  }

  #resize(node: FileNode, size: number): void {
    if (size > node.bytes.length || size * 4 < node.bytes.length) {
      const wanted = size > node.size ? Math.max(size, Math.ceil(node.size * 1.125)) : size;
      const room = this.#quota.maxBytes - this.#bytes + node.bytes.length;
      const held = Math.max(size, Math.min(wanted, room)); // what is kept ready never makes it full
      this.#take(held - node.bytes.length);
      const bytes = new Uint8Array(held);
      bytes.set(node.bytes.subarray(0, Math.min(size, node.size)));
      node.bytes = bytes;
    } else {
      node.bytes.fill(0, Math.min(size, node.size), Math.max(size, node.size));
    }
    node.size = size;
    node.mtime = this.#now();
  }

  #drop(node: Node): void {
    this.#nodes -= 1;
    if (node.kind === 'file') {
      node.removed = true;
      this.#release(node);
    } else {
      this.#bytes -= nodeBytes + (node.kind === 'link' ? encoder.encode(node.target).length : 0);
    }
  }

  /** A removed file counts until it is open no more. */
  #release(node: FileNode): void {
    if (node.removed && node.opened === 0) {
      this.#bytes -= nodeBytes + node.bytes.length;
      node.bytes = new Uint8Array();
      node.size = 0;
      node.removed = false;
    }
  }
}

function sizeOf(node: Node): number {
  switch (node.kind) {
    case 'file':
      return node.size;
    case 'folder':
      return 4096;
    case 'link':
      return encoder.encode(node.target).length;
  }
}

function requireOpened(file: OpenFile): Opened {
  if (!(file instanceof Opened)) {
    throw new TreeRefusal('EINVAL');
  }
  return file;
}
