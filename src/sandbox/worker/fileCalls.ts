// What a JavaScript guest's code asks of its files: one call at a time, answered at once. Requests and answers are JSON;
// bytes go beside them.

import type { TreeError, TreeQuestion, TreeState } from '../../protocol/shell';
import type { GuestTree } from './guestTree';
import { resolvePath, toTreeError } from './guestTree';
import { answerQuestion } from './treeServer';

interface FileCall {
  readonly call: 'readFile' | 'readBytes' | 'writeFile' | 'listFiles';
  readonly path: string;
  /** Of a text that is written. */
  readonly text?: string;
}

/** Of one file that code reads or writes at once. */
const maxFileBytes = 64 * 1024 * 1024;
const maxListed = 10_000;
const words: Readonly<Record<TreeError, string>> = {
  EACCES: 'is outside /work and /tmp',
  EEXIST: 'is there already',
  EFBIG: `has more than the ${maxFileBytes} bytes that can be read at once`,
  EINVAL: 'is no path of a file',
  EIO: 'cannot be read or written',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'leads through a loop of links',
  ENAMETOOLONG: 'is too long a name',
  ENOENT: 'does not exist; listFiles() shows what does',
  ENOSPC: 'does not fit: the files of this session are full',
  ENOTDIR: 'leads through what is no folder, or is none',
  ENOTEMPTY: 'is not empty',
  EPERM: 'cannot be changed',
};

class CallFailure extends Error {}

export class FileCalls {
  readonly #tree: GuestTree;
  /** Of the last answer. */
  #bytes = new Uint8Array();

  constructor(tree: GuestTree) {
    this.#tree = tree;
  }

  /** `{ value }` or `{ error }`. `content`: bytes that are written. */
  answer(json: string, content: Uint8Array | null): string {
    this.#bytes = new Uint8Array();
    try {
      return JSON.stringify({ value: this.#answer(JSON.parse(json) as FileCall, content) }); // the runner's own
    } catch (thrown) {
      if (thrown instanceof CallFailure) {
        return JSON.stringify({ error: thrown.message });
      }
      throw thrown;
    }
  }

  /** The bytes that belong to the last answer, once. */
  takeBytes(): Uint8Array {
    const bytes = this.#bytes;
    this.#bytes = new Uint8Array();
    return bytes;
  }

  #answer({ call, path, text }: FileCall, content: Uint8Array | null): unknown {
    if (call !== 'listFiles' && path.endsWith('/')) {
      throw new CallFailure(`${path} ${words.EISDIR}`);
    }
    switch (call) {
      case 'readFile':
        return this.#decode(path);
      case 'readBytes':
        this.#bytes = this.#read(path);
        return null;
      case 'writeFile':
        return this.#write(path, content ?? encode(path, text ?? ''));
      case 'listFiles':
        return this.#list(path);
    }
  }

  #read(path: string): Uint8Array<ArrayBuffer> {
    const bytes = this.#ask({ kind: 'read', path, maxBytes: maxFileBytes }) as Uint8Array; // of a read
    return new Uint8Array(bytes);
  }

  #decode(path: string): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#read(path));
    } catch (thrown) {
      if (thrown instanceof CallFailure) {
        throw thrown;
      }
      throw new CallFailure(`${path} is not text in UTF-8; readBytes(path) gives its bytes`);
    }
  }

  #write(path: string, bytes: Uint8Array): number {
    if (bytes.length > maxFileBytes) {
      throw new CallFailure(`${bytes.length} bytes are more than the ${maxFileBytes} of one file`);
    }
    if (!path.isWellFormed()) {
      throw new CallFailure(`${path.toWellFormed()} ${words.EINVAL}`); // no bytes in UTF-8
    }
    if (!path.includes('\0') && this.#isInside(path)) {
      this.#makeFolders(path);
    }
    this.#ask({ kind: 'write', path, bytes, append: false });
    return bytes.length;
  }

  /** Those above it, as an upload makes them. */
  #makeFolders(path: string): void {
    const folders = path.split('/').slice(0, -1);
    folders.forEach((_, at) => {
      const folder = folders.slice(0, at + 1).join('/');
      const isNew = folder !== '' && 'error' in this.#state(folder);
      if (isNew && this.#isInside(folder)) {
        this.#ask({ kind: 'makeFolder', path: folder });
      }
    });
  }

  /** Links in a loop, or a file where a folder should be, are the call's failure and not the engine's. */
  #isInside(path: string): boolean {
    try {
      return resolvePath(this.#tree, path, true) !== null;
    } catch (thrown) {
      throw new CallFailure(`${path} ${words[toTreeError(thrown)]}`);
    }
  }

  #state(path: string) {
    return answerQuestion(this.#tree, { kind: 'state', path, follow: true });
  }

  #list(path: string) {
    const names = this.#ask({ kind: 'names', path }) as readonly string[]; // of a folder
    const folder = this.#ask({ kind: 'real', path }) as string; // of what is there
    if (names.length > maxListed) {
      throw new CallFailure(`${path} holds more than ${maxListed} files`);
    }
    return [...names].sort().map((name) => {
      const entry = `${folder}/${name}`;
      const question = { kind: 'state', path: entry, follow: false } as const;
      const { kind, bytes } = this.#ask(question) as TreeState; // of a state
      return { path: entry, kind, bytes };
    });
  }

  #ask(question: TreeQuestion): unknown {
    const answer = answerQuestion(this.#tree, question);
    if ('error' in answer) {
      throw new CallFailure(`${question.path} ${words[answer.error]}`);
    }
    return answer.value;
  }
}

function encode(path: string, text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new CallFailure(
      `${path} was not written: its text holds half of a surrogate pair, which has no bytes in UTF-8`,
    );
  }
  return new TextEncoder().encode(text);
}
