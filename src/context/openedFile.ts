// Opens a file so that nobody can swap it on the way: what was opened is checked, not what was named.

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { RlmError } from '../core/errors';
import type { AllowedRoots } from './allowedRoots';
import type { FileKind } from './fileKinds';
import { toErrorWords, toSpecialKind } from './systemError';
import { findNoText } from './textBytes';

/** Bytes kept free before each chunk, for the start of a character that the chunk before it cut. */
export const roomBytes = 4;

/** Searched at a time for the end of the zero bytes that a file begins with. */
const zeroScanBytes = 1_048_576;

const headBytes = 65_536;
/** Source: against a program that swaps a folder without pause, one round let 1 of 7,500 readings through. */
const identityRounds = 3;
/** macOS only: refuses a link anywhere in the path. Source: open(2), O_NOFOLLOW_ANY in <fcntl.h>. */
const noFollowAny = 0x2000_0000;
// Windows knows none of these flags; there the identity check stands alone.
const noFollow = process.platform === 'darwin' ? noFollowAny : (constants.O_NOFOLLOW ?? 0);
const openFlags = constants.O_RDONLY | noFollow | (constants.O_NONBLOCK ?? 0);

export interface OpenedFile {
  readonly real: string;
  /** Null when the head is the whole file. */
  readonly handle: FileHandle | null;
  /** `roomBytes` free bytes, then the first bytes of the file. */
  readonly head: Buffer;
  /** When it was opened: what is appended later is not read. */
  readonly sizeBytes: number;
}

/** Why a file cannot be read as text. */
export interface Unreadable {
  readonly reason: string;
  /** What it is instead of text; null for what could not be read at all. */
  readonly kind: FileKind | null;
}

export interface Opening {
  readonly roots: AllowedRoots;
  /** The encoding that the caller says it has, if any. */
  readonly given: string | null;
}

/** The caller closes it with `closeFile`. Never rejects for what is wrong with the file. */
export async function openFile(
  real: string,
  { roots, given }: Opening,
): Promise<OpenedFile | Unreadable> {
  let handle: FileHandle | null = null;
  let kept: FileHandle | null = null;
  try {
    const opened = await openRegular(real, roots);
    if ('reason' in opened) {
      return opened;
    }
    ({ handle } = opened);
    const size = opened.sizeBytes;
    const head = Buffer.allocUnsafe(roomBytes + Math.min(size, headBytes));
    const read = await readFully(handle, head.subarray(roomBytes), 0);
    const start = head.subarray(roomBytes, roomBytes + read);
    const kind = findNoText(await skipZeros(start, handle, size), given !== null);
    if (kind !== null) {
      return { reason: `${kind.name}, not text`, kind };
    }
    kept = size > read && read === headBytes ? handle : null;
    const sizeBytes = kept === null ? read : size;
    return { real, handle: kept, head: head.subarray(0, roomBytes + read), sizeBytes };
  } catch (error) {
    return { reason: `not readable: ${toErrorWords(error)}`, kind: null };
  } finally {
    if (kept === null) {
      await handle?.close();
    }
  }
}

export interface RegularFile {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
}

/** What was opened is a file, and inside the roots. The caller closes it. Never rejects for what is wrong with it. */
export async function openRegular(
  real: string,
  roots: AllowedRoots,
): Promise<RegularFile | Unreadable> {
  let handle: FileHandle | null = null;
  let kept: FileHandle | null = null;
  try {
    handle = await open(real, openFlags);
    const info = await handle.stat();
    if (!info.isFile()) {
      const kind = info.isDirectory() ? 'a folder' : toSpecialKind(info);
      return { reason: `${kind}, not a file`, kind: null };
    }
    if (!(await isStillAllowed(handle, real, roots))) {
      return { reason: 'replaced while it was being opened', kind: null };
    }
    kept = handle;
    return { handle, sizeBytes: info.size };
  } catch (error) {
    return { reason: `not readable: ${toErrorWords(error)}`, kind: null };
  } finally {
    if (kept === null) {
      await handle?.close();
    }
  }
}

/** A log that was truncated while its program went on writing begins with a hole, which is read as zero bytes. */
async function skipZeros(head: Buffer, handle: FileHandle, sizeBytes: number): Promise<Buffer> {
  if (head.length === 0 || head.length === sizeBytes || head.some((byte) => byte !== 0)) {
    return head;
  }
  const buffer = Buffer.alloc(Math.min(zeroScanBytes, sizeBytes));
  const zeros = Buffer.alloc(buffer.length);
  for (let at = head.length; at < sizeBytes; at += buffer.length) {
    const read = await readFully(handle, buffer, at);
    const part = buffer.subarray(0, read);
    if (!part.equals(zeros.subarray(0, read))) {
      const first = part.findIndex((byte) => byte !== 0);
      return Buffer.concat([zeros.subarray(0, 2), part.subarray(first, first + headBytes)]);
    }
    if (read === 0) {
      break;
    }
  }
  return head;
}

export async function closeFile(opened: OpenedFile | Unreadable): Promise<void> {
  if ('handle' in opened) {
    await opened.handle?.close();
  }
}

export function unreadableError(shownPath: string, reason: string): RlmError {
  return new RlmError('INVALID_INPUT', `${shownPath} cannot be read: ${reason}.`, {
    nextStep: 'Check its permissions and what it is, or leave it out.',
  });
}

/** Fills `into` from `position`; fewer bytes only at the end of the file. */
export async function readFully(
  handle: FileHandle,
  into: Buffer,
  position: number,
): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await handle.read(into, filled, into.length - filled, position + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return filled;
}

/** Linux says where an open file really is; elsewhere path and identity are compared, in between and after. */
async function isStillAllowed(
  handle: FileHandle,
  real: string,
  roots: AllowedRoots,
): Promise<boolean> {
  if (process.platform === 'linux') {
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => null);
    if (opened !== null) {
      return roots.allows(opened);
    }
  }
  return isSameFile(handle, real);
}

/** Whether `real` is free of links and the opened file, asked until no swapping in between could answer. */
export async function isSameFile(handle: FileHandle, real: string): Promise<boolean> {
  const opened = await handle.stat({ bigint: true });
  for (let round = 0; round < identityRounds; round += 1) {
    if ((await realpath(real)) !== real) {
      return false;
    }
    const named = await lstat(real, { bigint: true });
    if (named.dev !== opened.dev || named.ino !== opened.ino) {
      return false;
    }
  }
  return (await realpath(real)) === real;
}
