// Words of the files and the shell that a sandbox has: operations that are small each, of which whole files are
// made (fileTransfer.ts). Paths are those of the sandbox; relative ones begin at its work folder.

import type { NetworkRecord } from './networkRecord';
import type { Interruption } from './sandbox';

const mebibyte = 2 ** 20;

export const fileLimits = {
  /** Of one file that is uploaded or downloaded. */
  maxFileBytes: 32 * mebibyte,
  /** Of all uploads of a session together. */
  maxSessionBytes: 100 * mebibyte,
  maxListed: 1_000,
  maxPathChars: 1_024,
  maxCommandChars: 20_000,
  /** That go to a sandbox and back at a time. */
  pieceBytes: mebibyte,
} as const;

export type FileOperation =
  | { readonly kind: 'list'; readonly path: string; readonly maxEntries: number }
  | {
      readonly kind: 'read';
      readonly path: string;
      readonly offset: number;
      readonly maxBytes: number;
    }
  /** Pieces come in order, the first at 0; nobody sees the file before the last. */
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly offset: number;
      /** Base64. */
      readonly content: string;
      /** Of the whole file: with so many it is complete. */
      readonly totalBytes: number;
      /** Whether it may take the place of a file that is there. */
      readonly overwrite: boolean;
    }
  | { readonly kind: 'shell'; readonly command: string; readonly maxOutputChars: number };

export const fileKinds = ['file', 'folder', 'link', 'other'] as const;

export interface FileEntry {
  /** As a later operation takes it; see `named`. */
  readonly path: string;
  readonly kind: (typeof fileKinds)[number];
  readonly bytes: number;
  /** Epoch ms. */
  readonly modifiedAt: number;
  /** False: its name is not UTF-8, and no operation can name it. */
  readonly named: boolean;
}

export interface FileList {
  readonly kind: 'list';
  /** What was listed, absolute. */
  readonly path: string;
  /** In the order of their names, as many as were asked for. */
  readonly entries: readonly FileEntry[];
  readonly total: number;
}

export interface FilePiece {
  readonly kind: 'read';
  readonly path: string;
  /** Base64. */
  readonly content: string;
  readonly totalBytes: number;
  /** The same as long as the file is. */
  readonly version: string;
}

export interface WrittenPiece {
  readonly kind: 'write';
  readonly path: string;
  /** It was the last, and took the place of a file. */
  readonly replaced: boolean;
}

export interface ShellAnswer {
  readonly kind: 'shell';
  /** At most `maxOutputChars` each; bytes that are not UTF-8 are U+FFFD. */
  readonly stdout: string;
  readonly stderr: string;
  /** Beyond that. */
  readonly droppedBytes: { readonly stdout: number; readonly stderr: number };
  /** Whether there were such bytes. */
  readonly replaced: { readonly stdout: boolean; readonly stderr: boolean };
  /** As a shell says it: 128 and the signal's number where one ended it. */
  readonly exitCode: number;
  /** Why the sandbox ended it; null: it did not. */
  readonly endedBy: string | null;
}

export const fileRefusals = [
  /** Not a path. */
  'invalid',
  /** Outside the folders that the session has. */
  'outside',
  'missing',
  'exists',
  /** A folder, a device, a pipe, where a file was meant. */
  'wrong_kind',
  'full',
  'too_large',
  /** The sandbox has no such thing. */
  'unsupported',
  'failed',
] as const;

export interface FileRefused {
  readonly kind: 'refused';
  readonly reason: (typeof fileRefusals)[number];
  /** A sentence without its end. */
  readonly message: string;
}

export type FileAnswer = FileList | FilePiece | WrittenPiece | ShellAnswer | FileRefused;

export interface FileRequest {
  readonly operation: FileOperation;
  readonly timeoutMs: number;
}

export interface FileReply {
  /** Null: the sandbox did not let go in time, or broke: variables are lost. */
  readonly answer: FileAnswer | null;
  readonly interruption: Interruption | null;
  /** Since the reply before, the files that were there have gone with the worker that held them. */
  readonly filesLost: boolean;
  /** What a command connected to, or wanted to. Left out: nothing. */
  readonly network?: NetworkRecord | undefined;
}
