// The files of a session as the shell's engine asks for them. Each answer comes from the worker that holds them
// (treeServer.ts), while this thread waits. Outside of /work and /tmp there is what the engine itself makes: nothing to keep.

import { receiveMessageOnPort } from 'node:worker_threads';
import type { IFileSystem, InMemoryFs } from 'just-bash/browser';
import type {
  TreeAnswer,
  TreeError,
  TreeLink,
  TreeQuestion,
  TreeState,
  TreeValues,
  treeWord,
} from '../../../protocol/shell';
import { decodeNoting } from './engineHooks';

type FsStat = Awaited<ReturnType<IFileSystem['stat']>>;
type Content = Parameters<IFileSystem['writeFile']>[1];

/** A copy, checked by its type: workers take types only from there. */
const words: typeof treeWord = { asked: 0, answered: 1, ended: 2 };
const roots = ['/work', '/tmp'];
const nothing = '/dev/null';
const encoder = new TextEncoder();
const messages: Readonly<Record<TreeError, string>> = {
  EACCES: 'permission denied',
  EEXIST: 'file already exists',
  EFBIG: 'file too large',
  EINVAL: 'invalid argument',
  EIO: 'input/output error',
  EISDIR: 'illegal operation on a directory',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EPERM: 'operation not permitted',
};

export class TreeFailure extends Error {
  readonly code: TreeError;

  constructor(code: TreeError, what: string, path: string) {
    super(`${code}: ${messages[code]}, ${what} '${path}'`);
    this.code = code;
  }
}

export class TreeFs implements IFileSystem {
  readonly #link: TreeLink;
  readonly #base: InMemoryFs;
  readonly #maxFileBytes: number;

  constructor(link: TreeLink, base: InMemoryFs, maxFileBytes: number) {
    this.#link = link;
    this.#base = base;
    this.#maxFileBytes = maxFileBytes;
    base.writeFileSync(nothing, '');
  }

  async readFile(path: string, options?: Parameters<IFileSystem['readFile']>[1]): Promise<string> {
    if (!isInTree(path)) {
      return this.#base.readFile(path, options);
    }
    const encoding = typeof options === 'string' ? options : (options?.encoding ?? 'utf8');
    const bytes = this.#read(path);
    if (encoding !== 'utf8' && encoding !== 'utf-8') {
      return toLatin1(bytes);
    }
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return decodeNoting(toLatin1(bytes));
    }
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    return isInTree(path) ? this.#read(path) : this.#base.readFileBuffer(path);
  }

  async writeFile(
    path: string,
    content: Content,
    options?: Parameters<IFileSystem['writeFile']>[2],
  ): Promise<void> {
    return this.#write(path, content, options, false);
  }

  async appendFile(
    path: string,
    content: Content,
    options?: Parameters<IFileSystem['appendFile']>[2],
  ): Promise<void> {
    return this.#write(path, content, options, true);
  }

  async exists(path: string): Promise<boolean> {
    if (!isInTree(path)) {
      return this.#base.exists(path);
    }
    return 'value' in this.#ask({ kind: 'state', path, follow: true });
  }

  async stat(path: string): Promise<FsStat> {
    return isInTree(path)
      ? toStat(this.#value('stat', { kind: 'state', path, follow: true }))
      : this.#base.stat(path);
  }

  async lstat(path: string): Promise<FsStat> {
    return isInTree(path)
      ? toStat(this.#value('lstat', { kind: 'state', path, follow: false }))
      : this.#base.lstat(path);
  }

  async mkdir(given: string, options?: { readonly recursive?: boolean }): Promise<void> {
    const path = withoutEndSlashes(given);
    this.#requireWritable('mkdir', path);
    if (options?.recursive !== true) {
      this.#value('mkdir', { kind: 'makeFolder', path });
      return;
    }
    const names = path.split('/').filter((name) => name !== '');
    for (let count = 1; count <= names.length; count += 1) {
      const folder = `/${names.slice(0, count).join('/')}`;
      const found = this.#ask({ kind: 'state', path: folder, follow: true });
      if ('error' in found) {
        this.#value('mkdir', { kind: 'makeFolder', path: folder });
      } else if ((found.value as TreeState).kind !== 'folder') {
        throw new TreeFailure(count === names.length ? 'EEXIST' : 'ENOTDIR', 'mkdir', path);
      }
    }
  }

  async readdir(path: string): Promise<string[]> {
    if (isInTree(path)) {
      return [...this.#value('scandir', { kind: 'names', path })].sort(compareBytes);
    }
    const names = await this.#base.readdir(path);
    const own = path === '/' ? roots.map((root) => root.slice(1)) : [];
    return [...new Set([...names, ...own])].sort(compareBytes);
  }

  async readdirWithFileTypes(path: string) {
    const names = await this.readdir(path);
    const folder = path === '/' ? '' : path;
    return Promise.all(
      names.map(async (name) => {
        const { isFile, isDirectory, isSymbolicLink } = await this.lstat(`${folder}/${name}`);
        return { name, isFile, isDirectory, isSymbolicLink };
      }),
    );
  }

  async rm(
    path: string,
    options?: { readonly recursive?: boolean; readonly force?: boolean },
  ): Promise<void> {
    this.#requireWritable('rm', path);
    const found = this.#ask({ kind: 'state', path, follow: false });
    if ('error' in found) {
      if (options?.force === true && found.error === 'ENOENT') {
        return;
      }
      throw new TreeFailure(found.error, 'rm', path);
    }
    if ((found.value as TreeState).kind !== 'folder') {
      this.#value('rm', { kind: 'removeFile', path });
      return;
    }
    if (options?.recursive === true) {
      for (const name of this.#value('rm', { kind: 'names', path })) {
        await this.rm(`${path}/${name}`, options);
      }
    }
    this.#value('rm', { kind: 'removeFolder', path });
  }

  async cp(from: string, to: string, options?: { readonly recursive?: boolean }): Promise<void> {
    const state = await this.stat(from);
    if (!state.isDirectory) {
      const bytes = await this.readFileBuffer(from);
      await this.writeFile(to, bytes);
      await this.chmod(to, state.mode);
      return;
    }
    if (options?.recursive !== true) {
      throw new TreeFailure('EISDIR', 'cp', from);
    }
    if (`${to}/`.startsWith(`${from}/`)) {
      throw new TreeFailure('EINVAL', 'cp', to);
    }
    await this.mkdir(to, { recursive: true });
    for (const name of await this.readdir(from)) {
      const [source, target] = [`${from}/${name}`, `${to}/${name}`];
      if ((await this.lstat(source)).isSymbolicLink) {
        await this.symlink(await this.readlink(source), target);
      } else {
        await this.cp(source, target, options);
      }
    }
  }

  async mv(from: string, to: string): Promise<void> {
    this.#requireWritable('rename', from);
    this.#requireWritable('rename', to);
    this.#value('rename', { kind: 'rename', path: from, to });
  }

  /**
   * Absolute. `..` leads out of the folder that is really there, also behind a link, and an end slash to the folder that a
   * link names. Where there is no such folder, the path stays as it is, and whoever uses it hears of that.
   */
  resolvePath(base: string, path: string): string {
    const plain = this.#base.resolvePath(base, path);
    if (!/(?:^|\/)\.{0,2}$|(?:^|\/)\.\.\//u.test(path)) {
      return plain;
    }
    const whole = path.startsWith('/') ? path : `${base}/${path}`;
    let way: string | null = '';
    for (const name of whole.split('/')) {
      if (name === '..') {
        way = this.#folderAt(way)?.replace(/\/[^/]*$/u, '') ?? null;
      } else if (name !== '' && name !== '.') {
        way = `${way}/${name}`;
      }
      if (way === null) {
        return whole;
      }
    }
    return /(?:^|\/)\.?$/u.test(path) ? this.#folderAt(way) || `${way}/` : way || '/';
  }

  /** Without links. Null: there is no folder. */
  #folderAt(path: string): string | null {
    if (!isInTree(path)) {
      return path;
    }
    const state = this.#ask({ kind: 'state', path, follow: true });
    if ('error' in state || (state.value as TreeState).kind !== 'folder') {
      return null;
    }
    return this.#value('realpath', { kind: 'real', path });
  }

  /** Patterns are matched folder by folder. */
  getAllPaths(): string[] {
    return [];
  }

  async chmod(path: string, mode: number): Promise<void> {
    if (isSystem(path)) {
      await this.#base.chmod(path, mode);
      return;
    }
    this.#requireWritable('chmod', path);
    this.#value('chmod', { kind: 'mode', path, mode });
  }

  async symlink(target: string, path: string): Promise<void> {
    this.#requireWritable('symlink', path);
    this.#value('symlink', { kind: 'link', path, target });
  }

  async link(_existing: string, path: string): Promise<void> {
    throw new Error(`EPERM: hard links are not supported by this shell, link '${path}'`);
  }

  async readlink(path: string): Promise<string> {
    return isInTree(path)
      ? this.#value('readlink', { kind: 'target', path })
      : this.#base.readlink(path);
  }

  async realpath(path: string): Promise<string> {
    return isInTree(path)
      ? this.#value('realpath', { kind: 'real', path })
      : this.#base.realpath(path);
  }

  async utimes(path: string, _accessed: Date, modified: Date): Promise<void> {
    this.#requireWritable('utimes', path);
    this.#value('utimes', { kind: 'times', path, modifiedAt: modified.getTime() });
  }

  #read(path: string): Uint8Array {
    return this.#value('open', { kind: 'read', path, maxBytes: this.#maxFileBytes });
  }

  async #write(
    path: string,
    content: Content,
    options: Parameters<IFileSystem['writeFile']>[2],
    append: boolean,
  ): Promise<void> {
    if (path === nothing) {
      return;
    }
    if (isSystem(path)) {
      await (append
        ? this.#base.appendFile(path, content, options)
        : this.#base.writeFile(path, content, options));
      return;
    }
    this.#requireWritable('open', path);
    if (path.endsWith('/')) {
      throw new TreeFailure('EISDIR', 'open', path);
    }
    const encoding = typeof options === 'string' ? options : options?.encoding;
    const bytes = toBytes(content, encoding === 'binary' || encoding === 'latin1');
    if (bytes.length > this.#maxFileBytes) {
      throw new TreeFailure('EFBIG', 'open', path);
    }
    this.#value('open', { kind: 'write', path, bytes, append });
  }

  #requireWritable(what: string, path: string): void {
    if (!isInTree(path)) {
      throw new TreeFailure('EACCES', what, path); // it would be gone with the command
    }
  }

  #value<Question extends TreeQuestion>(
    what: string,
    question: Question,
  ): TreeValues[Question['kind']] {
    const answer = this.#ask(question);
    if ('error' in answer) {
      throw new TreeFailure(answer.error, what, question.path);
    }
    return answer.value as TreeValues[Question['kind']]; // as the worker that has the files gives it
  }

  #ask(question: TreeQuestion): TreeAnswer {
    const { port, control } = this.#link;
    port.postMessage(question);
    Atomics.add(control, words.asked, 1);
    Atomics.notify(control, words.asked);
    for (;;) {
      const seen = Atomics.load(control, words.answered);
      const received = receiveMessageOnPort(port) as { message: TreeAnswer } | undefined;
      if (received) {
        return received.message;
      }
      Atomics.wait(control, words.answered, seen);
    }
  }
}

/** In the order of their bytes, as the locale C.UTF-8 has it: that of code points. */
export function compareBytes(left: string, right: string): number {
  const [one, other] = [toLatin1(encoder.encode(left)), toLatin1(encoder.encode(right))];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** One character a byte. */
export function toLatin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 8_192) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8_192)));
  }
  return parts.join('');
}

function toBytes(content: Content, isLatin1: boolean): Uint8Array {
  if (typeof content !== 'string') {
    return content;
  }
  return isLatin1 ? fromLatin1(content) : encoder.encode(content);
}

export function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

function isInTree(path: string): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}

/** What the engine makes for itself: descriptors, and substitutions of processes. */
function isSystem(path: string): boolean {
  return path.startsWith('/dev/');
}

function toStat({ kind, mode, bytes, modifiedAt, ino }: TreeState): FsStat {
  return {
    isFile: kind === 'file',
    isDirectory: kind === 'folder',
    isSymbolicLink: kind === 'link',
    mode,
    size: bytes,
    mtime: new Date(modifiedAt),
    ino,
  };
}

/** A path without slashes at its end, but for the root's. */
export function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charAt(end - 1) === '/') {
    end -= 1;
  }
  return path.slice(0, end);
}
