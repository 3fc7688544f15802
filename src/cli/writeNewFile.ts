// Files a command makes: never over one that is there, unless asked to.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { usageError } from './failure';

/**
 * The absolute path written.
 * @throws RlmError 'INVALID_INPUT' when the file exists or its folder cannot be written.
 */
export async function writeNewFile(
  file: string,
  text: string,
  options: { readonly cwd: string; readonly mayReplace: boolean; readonly whenThere: string },
): Promise<string> {
  const absolute = path.resolve(options.cwd, file);
  try {
    await writeFile(absolute, text, { flag: options.mayReplace ? 'w' : 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw usageError(`${absolute} exists already.`, options.whenThere);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(`${absolute} cannot be written: ${reason}.`, 'Choose another place for it.');
  }
  return absolute;
}
