// What a backup of a home looks like: a tar, compressed, of regular files that are named below the home.
// Its first entry says what it is; its last one has the hash of every other.

import * as z from 'zod';
import { RlmError } from '../core/errors';
import type * as tarLibrary from './tarLibrary';

export type TarLibrary = typeof tarLibrary;

export function loadTarLibrary(): Promise<TarLibrary> {
  return import('./tarLibrary');
}

export const headName = 'rlm-backup.json';
export const checksumsName = 'checksums.json';
/** Of these two. */
export const maxListBytes = 500_000_000;

export const headSchema = z.object({
  format: z.literal(1),
  version: z.string(),
  created_at: z.iso.datetime(),
});

export const checksumsSchema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/u));

/** What is kept of a home. Engine files are not: they belong to processes. */
export const keptFolders = ['sessions', 'users', 'prompts', 'profiles'] as const;

const maxDepth = 12;
const maxPathChars = 1_000;
const maxNameBytes = 255;

/**
 * The parts of a path in an archive, which become names below the home: none leads out, on any system, and
 * none becomes another's on one that does not tell capitals apart.
 * @throws RlmError 'INVALID_INPUT'
 */
export function parseArchivePath(path: string): readonly string[] {
  const parts = path.split('/');
  const isKept = parts.length > 1 && keptFolders.some((folder) => folder === parts[0]);
  if (!isKept || !isArchivePath(path)) {
    throw damagedError(`it has the entry ${JSON.stringify(path.slice(0, 200))}`);
  }
  return parts;
}

/** Of a file or a folder: whether a backup may have it. */
export function isArchivePath(path: string): boolean {
  const parts = path.split('/');
  return parts.length <= maxDepth && path.length <= maxPathChars && parts.every(isPlainName);
}

/** As a file system that does not tell capitals or forms of letters apart sees it. */
export function toFolded(path: string): string {
  return path.normalize('NFKC').toLowerCase();
}

/** Names that mean something else on Windows, or hide what they are, are none of ours. */
export function isPlainName(name: string): boolean {
  return (
    name !== '' &&
    Buffer.byteLength(name) <= maxNameBytes &&
    !/[\p{Cc}\p{Cs}\\/:*?"<>|]/u.test(name) &&
    !/^\.|[. ]$/u.test(name) &&
    !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/iu.test(name)
  );
}

export function damagedError(what: string, cause?: unknown): RlmError {
  return new RlmError('INVALID_INPUT', `This is no whole backup of RLM Companion: ${what}.`, {
    cause,
    nextStep: 'Nothing was restored. Take another backup, or copy this one again.',
  });
}
