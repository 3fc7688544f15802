// Opens a file so that nobody can swap it on the way: what was opened is checked, not what was named.

import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { RlmError } from '../core/errors';
import type { AllowedRoots } from './allowedRoots';
import { isBinary } from './encoding';
import { toErrorWords, toSpecialKind } from './systemError';

/** Bytes kept free before each chunk, for the start of a character that the chunk before it cut. */
export const roomBytes = 4;

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
  readonly isBinary: boolean;
}

/** The caller closes it with `closeFile`. Never rejects for what is wrong with the file. */
export async function openFile(
  real: string,
  roots: AllowedRoots,
): Promise<OpenedFile | Unreadable> {
  let handle: FileHandle | null = null;
  let kept: FileHandle | null = null;
  try {
    handle = await open(real, openFlags);
    const info = await handle.stat();
    if (!info.isFile()) {
      const kind = info.isDirectory() ? 'a folder' : toSpecialKind(info);
      return { reason: `${kind}, not a file`, isBinary: false };
    }
    if (!(await isStillAllowed(handle, real, roots))) {
      return { reason: 'replaced while it was being opened', isBinary: false };
    }
    const head = Buffer.allocUnsafe(roomBytes + Math.min(info.size, headBytes));
    const read = await readFully(handle, head.subarray(roomBytes), 0);
    if (isBinary(head.subarray(roomBytes, roomBytes + read))) {
      return { reason: 'binary', isBinary: true };
    }
    kept = info.size > read && read === headBytes ? handle : null;
    const sizeBytes = kept === null ? read : info.size;
    return { real, handle: kept, head: head.subarray(0, roomBytes + read), sizeBytes };
  } catch (error) {
    return { reason: `not readable: ${toErrorWords(error)}`, isBinary: false };
  } finally {
    if (kept === null) {
      await handle?.close();
    }
  }
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
