// Answers what a shell's thread asks of the files of the guest that this worker holds, until the shell has ended. The
// guest waits meanwhile. Nothing but its work folder and /tmp can be reached: the rest is the interpreter's.

import { receiveMessageOnPort } from 'node:worker_threads';
import type { TreeAnswer, TreeLink, TreeQuestion, TreeState, treeWord } from '../../protocol/shell';
import {
  type GuestTree,
  type TreeNodeState,
  TreeRefusal,
  isFile,
  isFolder,
  isLink,
  kindOf,
  openFlags,
  resolvePath,
  roots,
  toTreeError,
} from './guestTree';

/** A copy, checked by its type: workers take types only from there. */
const words: typeof treeWord = { asked: 0, answered: 1, ended: 2 };
const permissionMask = 0o7777;

/** Returns once the shell has ended. */
export function serveTree(tree: GuestTree, { port, control }: TreeLink): void {
  for (;;) {
    // Read before looking: what is asked after the look changes it, and the wait returns.
    const seen = Atomics.load(control, words.asked);
    if (Atomics.load(control, words.ended) !== 0) {
      port.close();
      return;
    }
    const received = receiveMessageOnPort(port) as { message: TreeQuestion } | undefined;
    if (received) {
      port.postMessage(answerQuestion(tree, received.message));
      Atomics.add(control, words.answered, 1);
      Atomics.notify(control, words.answered);
    } else {
      Atomics.wait(control, words.asked, seen);
    }
  }
}

/** Never throws. */
export function answerQuestion(tree: GuestTree, question: TreeQuestion): TreeAnswer {
  try {
    return { value: answer(tree, question) };
  } catch (thrown) {
    return { error: toTreeError(thrown) };
  }
}

function answer(tree: GuestTree, question: TreeQuestion): unknown {
  const { kind } = question;
  const path = (followLast: boolean): string => reach(tree, question.path, followLast);
  switch (kind) {
    case 'state':
      return toState(tree.lstat(path(question.follow)));
    case 'read':
      return readWhole(tree, path(true), question.maxBytes);
    case 'write':
      writeWhole(tree, path(true), question);
      return null;
    case 'names':
      return tree.readdir(path(true)).filter((name) => name !== '.' && name !== '..');
    case 'makeFolder':
      tree.mkdir(path(false), 0o755);
      return null;
    case 'removeFile':
      tree.unlink(notRoot(path(false)));
      return null;
    case 'removeFolder':
      tree.rmdir(notRoot(path(false)));
      return null;
    case 'rename':
      tree.rename(notRoot(path(false)), notRoot(reach(tree, question.to, false)));
      return null;
    case 'link':
      tree.symlink(question.target, path(false));
      return null;
    case 'target':
      return readTarget(tree, path(false));
    case 'mode':
      tree.chmod(path(true), question.mode & permissionMask);
      return null;
    case 'times':
      tree.utime(path(true), question.modifiedAt, question.modifiedAt);
      return null;
    case 'real':
      return whole(tree, path(true));
  }
}

function reach(tree: GuestTree, given: string, followLast: boolean): string {
  if (typeof given !== 'string' || given.includes('\0')) {
    throw new TreeRefusal('EINVAL');
  }
  const path = resolvePath(tree, given, followLast);
  if (path === null) {
    throw new TreeRefusal('EACCES');
  }
  return path;
}

function notRoot(path: string): string {
  if (roots.includes(path)) {
    throw new TreeRefusal('EPERM');
  }
  return path;
}

function readTarget(tree: GuestTree, path: string): string {
  if (kindOf(tree.lstat(path).mode) !== isLink) {
    throw new TreeRefusal('EINVAL');
  }
  return tree.readlink(path);
}

function whole(tree: GuestTree, path: string): string {
  tree.lstat(path); // it is there
  return path;
}

function readWhole(tree: GuestTree, path: string, maxBytes: number): Uint8Array {
  const { mode, size } = tree.lstat(path);
  requireFile(mode);
  if (size > maxBytes) {
    throw new TreeRefusal('EFBIG');
  }
  const bytes = new Uint8Array(size);
  const file = tree.open(path, openFlags.read);
  try {
    return bytes.subarray(0, size === 0 ? 0 : tree.read(file, bytes, 0, size, 0));
  } finally {
    tree.close(file);
  }
}

function writeWhole(
  tree: GuestTree,
  path: string,
  { bytes, append }: Extract<TreeQuestion, { kind: 'write' }>,
): void {
  const { write, create, truncate } = openFlags;
  const before = stateOrNull(tree, path);
  if (before !== null) {
    requireFile(before.mode);
  }
  const file = tree.open(path, write | create | (append ? 0 : truncate), 0o644);
  try {
    let at = append ? (before?.size ?? 0) : 0;
    for (let done = 0; done < bytes.length;) {
      const written = tree.write(file, bytes, done, bytes.length - done, at);
      if (written <= 0) {
        throw new TreeRefusal('ENOSPC');
      }
      done += written;
      at += written;
    }
  } finally {
    tree.close(file);
  }
}

function stateOrNull(tree: GuestTree, path: string): TreeNodeState | null {
  try {
    return tree.lstat(path);
  } catch (thrown) {
    if (toTreeError(thrown) === 'ENOENT') {
      return null;
    }
    throw thrown;
  }
}

function requireFile(mode: number): void {
  if (kindOf(mode) === isFolder) {
    throw new TreeRefusal('EISDIR');
  }
  if (kindOf(mode) !== isFile) {
    throw new TreeRefusal('EINVAL');
  }
}

function toState({ mode, size, ino, mtime }: TreeNodeState): TreeState {
  const kinds = { [isFile]: 'file', [isFolder]: 'folder', [isLink]: 'link' } as const;
  return {
    kind: kinds[kindOf(mode) as keyof typeof kinds] ?? 'other', // others are told as such
    mode: mode & permissionMask,
    bytes: size,
    modifiedAt: mtime.getTime(),
    ino,
  };
}
