// Files a command makes: never over one that is there, unless asked to, and then in one move.

import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../core/errors';
import { usageError } from './failure';

/**
 * The absolute path written. When it fails half-way, what was there before is there still.
 * @throws RlmError 'INVALID_INPUT' when the file exists, is no regular file or cannot be written, and
 * those of `text`.
 */
export async function writeNewFile(
  file: string,
  text: string | AsyncIterable<string | Uint8Array>,
  options: {
    readonly cwd: string;
    readonly mayReplace: boolean;
    readonly whenThere: string;
    /** Of a new file; the process's own where left out. */
    readonly mode?: number;
  },
): Promise<string> {
  const absolute = path.resolve(options.cwd, file);
  try {
    const old = options.mayReplace ? await readOld(absolute) : null;
    await (old ? replace(absolute, text, old) : create(absolute, text, options.mode ?? 0o666));
  } catch (error) {
    if (error instanceof RlmError) {
      throw error;
    }
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw usageError(`${absolute} exists already.`, options.whenThere);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${absolute} cannot be written: ${reason}.`, 'Choose another place for it.');
  }
  return absolute;
}

/** Null: there is nothing yet. @throws RlmError 'INVALID_INPUT' for a link, a folder, a pipe, a device. */
async function readOld(file: string): Promise<Stats | null> {
  const old = await lstat(file).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return null;
    }
    throw error;
  });
  if (old && !old.isFile()) {
    const kind = old.isSymbolicLink() ? 'a link' : old.isDirectory() ? 'a folder' : 'no file';
    throw usageError(`${file} is ${kind}, and only a regular file is replaced.`, 'Name a file.');
  }
  return old;
}

async function replace(
  file: string,
  text: string | AsyncIterable<string | Uint8Array>,
  { mode }: Stats,
): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  await create(temporary, text, mode & 0o777);
  try {
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function create(
  file: string,
  text: string | AsyncIterable<string | Uint8Array>,
  mode: number,
): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(text);
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    throw error;
  }
  await handle.close();
}
