// Finds the file that a source of a context names, inside the folders that may be read.

import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../../core/errors';

export interface ReadableFiles {
  /** Folders, and single files, that may be read. */
  readonly roots: readonly string[];
  /** What names of sources are relative to; it need not be readable itself. */
  readonly baseFolder: string;
}

/**
 * Only inside the roots: a trace may name anything.
 * @throws RlmError 'INVALID_INPUT' when there is no such file in them.
 */
export async function findAllowedFile(
  name: string,
  { roots, baseFolder }: ReadableFiles,
): Promise<string> {
  const folders = [...new Set([...roots, baseFolder])];
  const candidates = path.isAbsolute(name) ? [name] : folders.map((one) => path.join(one, name));
  const allowed = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  for (const candidate of candidates) {
    const file = await realpath(candidate).catch(() => null); // a link may lead out
    const isAllowed = file !== null && allowed.some((root) => isInside(root, file));
    if (isAllowed && (await stat(file).catch(() => null))?.isFile()) {
      return candidate;
    }
  }
  throw new RlmError('INVALID_INPUT', `${name} is not in the folders of this window.`, {
    nextStep: 'Open the folder that the session was run in, then follow the link again.',
  });
}

function isInside(folder: string, candidate: string): boolean {
  const way = path.relative(folder, candidate);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
