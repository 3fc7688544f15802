// Files below the home folder that may have been put there by anybody: only regular files are opened,
// never a link, a pipe or a device, and no more of them is read than was asked for.

import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';

import { RlmError } from '../core/errors';
import { hasSystemCode } from './storeError';

/** Absent on Windows, where these kinds of files are no entries of a folder, but for links. */
const { O_NOFOLLOW, O_NONBLOCK } = constants as Partial<typeof constants>;
const readFlags = constants.O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0);

/** @throws RlmError 'PATH_NOT_ALLOWED' for what is no regular file; the system's error otherwise. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  if (O_NOFOLLOW === undefined && (await lstat(path)).isSymbolicLink()) {
    throw notRegular(path);
  }
  const file = await open(path, readFlags).catch((error: unknown) => {
    throw isOtherKind(error) ? notRegular(path) : error;
  });
  try {
    if (!(await file.stat()).isFile()) {
      throw notRegular(path);
    }
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** @throws RlmError 'PATH_NOT_ALLOWED' for what is no regular file or longer than `maxBytes`. */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw new RlmError('PATH_NOT_ALLOWED', `${path} has ${size} bytes, more than ${maxBytes}.`, {
        nextStep: 'Look at that file by hand; this product has not written it.',
      });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** A folder of its own, and no link to one. */
export async function isRealFolder(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}

/** ELOOP, or EMLINK on FreeBSD: a link. ENXIO, EOPNOTSUPP: a socket. EISDIR: a folder. */
function isOtherKind(error: unknown): boolean {
  return hasSystemCode(error, 'ELOOP', 'EMLINK', 'ENXIO', 'EOPNOTSUPP', 'EISDIR');
}

function notRegular(path: string): RlmError {
  return new RlmError('PATH_NOT_ALLOWED', `${path} is no regular file.`, {
    nextStep: 'Look at it by hand and remove it; this product has not made it.',
  });
}
