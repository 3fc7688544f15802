// Folders a command may read: the current one, those given, and those of files a person named.

import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';

const globStart = /[*?[\]{}()!]/u;

/** Absolute, without repetition. */
export async function toRoots(
  cwd: string,
  given: { readonly roots?: readonly string[]; readonly files?: readonly string[] },
): Promise<readonly string[]> {
  const roots = (given.roots ?? []).map((root) => path.resolve(cwd, root));
  const folders = await Promise.all((given.files ?? []).map((file) => toFolders(cwd, file)));
  return [...new Set([cwd, ...roots, ...folders.flat()])];
}

/** The folder a file is in, also where a link leads; a folder itself; where a glob begins. */
async function toFolders(cwd: string, file: string): Promise<readonly string[]> {
  const absolute = path.resolve(cwd, file);
  const info = await stat(absolute).catch(() => null);
  if (!info) {
    const glob = absolute.search(globStart);
    return [path.dirname(glob < 0 ? absolute : `${absolute.slice(0, glob)}x`)];
  }
  const real = await realpath(absolute);
  return info.isDirectory() ? [absolute, real] : [path.dirname(absolute), path.dirname(real)];
}
