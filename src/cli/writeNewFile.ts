// Files a command makes: never over one that is there, unless asked to.

import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../core/errors';
import { usageError } from './failure';

/**
 * The absolute path written. When it fails half-way, there is no file.
 * @throws RlmError 'INVALID_INPUT' when the file exists or cannot be written, and those of `text`.
 */
export async function writeNewFile(
  file: string,
  text: string | AsyncIterable<string>,
  options: { readonly cwd: string; readonly mayReplace: boolean; readonly whenThere: string },
): Promise<string> {
  const absolute = path.resolve(options.cwd, file);
  try {
    await write(absolute, text, options.mayReplace ? 'w' : 'wx');
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

async function write(
  file: string,
  text: string | AsyncIterable<string>,
  flag: 'w' | 'wx',
): Promise<void> {
  const handle = await open(file, flag);
  try {
    await handle.writeFile(text);
  } catch (error) {
    await handle.close();
    await rm(file, { force: true });
    throw error;
  }
  await handle.close();
}
