// Folders a command may read: those given, else the current one; and those of files a person named.

import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const globStart = /[*?[\]{}()!]/u;

/**
 * Absolute, without repetition. The current folder counts only where no root is given, and never when it
 * is the home folder or a whole disk: programs with windows start servers there, and nobody chose it.
 */
export async function toRoots(
  cwd: string,
  given: { readonly roots?: readonly string[]; readonly files?: readonly string[] },
): Promise<readonly string[]> {
  const roots = (given.roots ?? []).map((root) => toAbsolute(cwd, root));
  const folders = await Promise.all((given.files ?? []).map((file) => toFolders(cwd, file)));
  const current = roots.length > 0 || isTooWide(cwd) ? [] : [cwd];
  return [...new Set([...current, ...roots, ...folders.flat()])];
}

function isTooWide(folder: string): boolean {
  return folder === path.parse(folder).root || folder === path.resolve(homedir());
}

/** The folder a file is in, also where a link leads; a folder itself; where a glob begins. */
async function toFolders(cwd: string, file: string): Promise<readonly string[]> {
  const absolute = toAbsolute(cwd, file);
  const info = await stat(absolute).catch(() => null);
  if (!info) {
    const glob = absolute.search(globStart);
    return [path.dirname(glob < 0 ? absolute : `${absolute.slice(0, glob)}x`)];
  }
  const real = await realpath(absolute);
  return info.isDirectory() ? [absolute, real] : [path.dirname(absolute), path.dirname(real)];
}

/** As the reader of contexts takes a path: a tilde that the shell left, and file URLs too. */
function toAbsolute(cwd: string, given: string): string {
  if (/^file:\/\//iu.test(given)) {
    try {
      return fileURLToPath(given);
    } catch {
      return path.resolve(cwd, given); // it is refused when it is read
    }
  }
  const isHome = given === '~' || given.startsWith('~/') || given.startsWith(`~${path.sep}`);
  return path.resolve(cwd, isHome ? path.join(homedir(), given.slice(1)) : given);
}
