// Words between a shell's thread and the two sides of it: the sandbox process, which starts and ends it, and the
// worker that holds the files, which answers what the thread asks of them while its guest waits.

import type { MessagePort } from 'node:worker_threads';

/** Words of the Int32Array that the shell's thread and the worker with the files share. */
export const treeWord = { asked: 0, answered: 1, ended: 2 } as const;
export const treeControlBytes = 16;

/** One end of the way to the files of a session. */
export interface TreeLink {
  readonly port: MessagePort;
  readonly control: Int32Array;
}

export interface ShellInit {
  readonly files: TreeLink;
  /** Back to the sandbox process: one JSON text, as `fromWorkerSchema` reads a `filed`. */
  readonly port: MessagePort;
  readonly id: string;
  readonly command: string;
  readonly maxOutputChars: number;
  readonly maxFileBytes: number;
}

/** Paths are absolute. Each is one step: nothing else happens to the files meanwhile. */
export type TreeQuestion =
  | { readonly kind: 'state'; readonly path: string; readonly follow: boolean }
  | { readonly kind: 'read'; readonly path: string; readonly maxBytes: number }
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly append: boolean;
    }
  | { readonly kind: 'names'; readonly path: string }
  | { readonly kind: 'makeFolder'; readonly path: string }
  | { readonly kind: 'removeFile'; readonly path: string }
  | { readonly kind: 'removeFolder'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'target'; readonly path: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'times'; readonly path: string; readonly modifiedAt: number }
  | { readonly kind: 'real'; readonly path: string };

export interface TreeState {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly mode: number;
  readonly bytes: number;
  readonly modifiedAt: number;
  readonly ino: number;
}

/** Error codes of the system, as shells tell them. */
export type TreeError =
  | 'EACCES'
  | 'EEXIST'
  | 'EFBIG'
  | 'EINVAL'
  | 'EIO'
  | 'EISDIR'
  | 'ELOOP'
  | 'ENAMETOOLONG'
  | 'ENOENT'
  | 'ENOSPC'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'EPERM';

export type TreeAnswer = { readonly value: unknown } | { readonly error: TreeError };

/** What each question is answered with. */
export interface TreeValues {
  readonly state: TreeState;
  readonly read: Uint8Array;
  readonly write: null;
  readonly names: readonly string[];
  readonly makeFolder: null;
  readonly removeFile: null;
  readonly removeFolder: null;
  readonly rename: null;
  readonly link: null;
  readonly target: string;
  readonly mode: null;
  readonly times: null;
  readonly real: string;
}
