// Folders a command may read: those given, else the current one; and those of files a person named.

import { realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Cli } from './cli';
import { usageError } from './failure';
import { toPrintable } from './render/printable';

const globStart = /[*?[\]{}()!]/u;

/**
 * Absolute, without repetition. The current folder counts only where no root is given, and never when it
 * holds the home folder or is a whole disk: programs with windows start servers there, and nobody chose it.
 */
export async function toRoots(
  cwd: string,
  given: { readonly roots?: readonly string[]; readonly files?: readonly string[] },
): Promise<readonly string[]> {
  const roots = (given.roots ?? []).map((root) => toAbsolute(cwd, root));
  const folders = await Promise.all((given.files ?? []).map((file) => toFolders(cwd, file)));
  const current = roots.length > 0 || isWide(cwd) ? [] : [cwd];
  return [...new Set([...current, ...roots, ...folders.flat()])];
}

/** To stderr, of each root that holds the home folder or is a whole disk. */
export function warnOfWideRoots(
  given: readonly string[],
  { cwd, terminal }: Pick<Cli, 'cwd' | 'terminal'>,
): void {
  for (const root of given.filter((one) => isWide(toAbsolute(cwd, one)))) {
    terminal.printError(
      terminal.errorStyle.yellow(
        `Warning: --root ${toPrintable(root)} lets everything below it be read, keys and passwords too. ` +
          'Name the folders that are meant.',
      ),
    );
  }
}

/**
 * `--root A B` gives one root and then something to read: where that is a folder outside the roots, a
 * second root was meant, or may have been.
 * @throws RlmError 'INVALID_INPUT'
 */
export async function checkAfterRoots(args: readonly string[], cwd: string): Promise<void> {
  const end = args.indexOf('--');
  const words = end < 0 ? args : args.slice(0, end);
  const roots = words.flatMap((word, at) =>
    word === '--root' ? [words[at + 1] ?? ''] : word.startsWith('--root=') ? [word.slice(7)] : [],
  );
  for (const [at, word] of words.entries()) {
    const root = words[at + 1] ?? '';
    const next = words[at + 2];
    if (word !== '--root' || next === undefined || next.startsWith('-')) {
      continue;
    }
    const folder = toAbsolute(cwd, next);
    const isKnown = roots.some((one) => isInside(toAbsolute(cwd, one), folder));
    if (!isKnown && (await stat(folder).catch(() => null))?.isDirectory()) {
      throw usageError(
        `${next} follows --root ${root}, which takes one folder.`,
        `For a second root write --root ${root} --root ${next}; to read ${next}, name it before --root.`,
      );
    }
  }
}

function isWide(folder: string): boolean {
  return folder === path.parse(folder).root || isInside(folder, path.resolve(homedir()));
}

function isInside(folder: string, candidate: string): boolean {
  const way = path.relative(folder, candidate);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

/**
 * The folder a file is in, also where a link leads; a folder itself; where a glob begins. Of a file in the
 * home folder or at the top of a disk that file alone.
 */
async function toFolders(cwd: string, file: string): Promise<readonly string[]> {
  const absolute = toAbsolute(cwd, file);
  const info = await stat(absolute).catch(() => null);
  if (!info) {
    const glob = absolute.search(globStart);
    return [path.dirname(glob < 0 ? absolute : `${absolute.slice(0, glob)}x`)];
  }
  const real = await realpath(absolute);
  return info.isDirectory()
    ? [absolute, real]
    : [absolute, real].map((one) => (isWide(path.dirname(one)) ? one : path.dirname(one)));
}

/** As the reader of contexts takes a path: a tilde that the shell left, and file URLs too. */
export function toAbsolute(cwd: string, given: string): string {
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
