// Matches a glob over what a folder walk allows: tinyglobby decides and prunes, the walk lists.

import path from 'node:path';
import { glob } from 'tinyglobby';
import { matchesPattern, parseIgnorePattern } from '../base/ignorePattern';
import { toOneLine } from '../base/text';
import { RlmError, toRlmError } from '../core/errors';
import { TimeSlices } from './timeSlices';
import type { FolderWalk, SkippedEntry, WalkedFile, WalkedFolder } from './folderWalk';

/** A folder that tinyglobby believes in; all it sees there comes from the walk. */
const stage = path.resolve('/glob').replaceAll('\\', '/');

type Listed = (error: unknown, entries: readonly GlobEntry[]) => void;

interface GlobEntry {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/**
 * Files below the folder that match, and what was skipped that would have matched, in no particular
 * order. Names that begin with a dot match only where the pattern says so.
 */
export async function matchGlob(
  walk: FolderWalk,
  top: WalkedFolder,
  { pattern, signal }: { readonly pattern: string; readonly signal: AbortSignal },
): Promise<readonly (WalkedFile | SkippedEntry)[]> {
  checkGlob(pattern);
  const folders = new Map([['', top]]);
  const leaves = new Map<string, WalkedFile | SkippedEntry>();
  const unlisted: SkippedEntry[] = [];
  let failure: RlmError | undefined;

  async function list(key: string): Promise<readonly GlobEntry[]> {
    const folder = folders.get(key);
    const passed = leaves.get(key);
    if (passed?.kind === 'skipped') {
      unlisted.push(passed); // the pattern leads into it
      return [];
    }
    if (folder === undefined || failure !== undefined) {
      return [];
    }
    const listed: GlobEntry[] = [];
    for (const entry of await walk.listFolder(folder)) {
      if (entry.kind === 'skipped' && entry.path === folder.path) {
        unlisted.push(entry);
        continue;
      }
      const name = path.basename(entry.path);
      const entryKey = key === '' ? name : `${key}/${name}`;
      if (entry.kind === 'folder') {
        folders.set(entryKey, entry);
      } else {
        leaves.set(entryKey, entry);
      }
      const isFolder = entry.kind === 'folder' || (entry.kind === 'skipped' && entry.isFolder);
      listed.push(toGlobEntry(name, isFolder === true));
    }
    return listed;
  }

  function readdir(folder: string, _options: unknown, listed: Listed): void {
    list(folder.slice(stage.length + 1).replace(/\/$/u, '')).then(
      (entries) => listed(null, entries),
      (error: unknown) => {
        failure ??= toRlmError(error);
        listed(null, []);
      },
    );
  }

  const matched = await glob(pattern, {
    cwd: stage,
    absolute: true, // else it makes all paths relative at once, at the end
    expandDirectories: false,
    followSymbolicLinks: false,
    caseSensitiveMatch: process.platform !== 'win32' && process.platform !== 'darwin',
    fs: { readdir: readdir as never }, // of the overloads of fs.readdir, tinyglobby calls this one
  });
  if (failure !== undefined) {
    throw failure;
  }
  const last = path.posix.basename(pattern);
  const found: (WalkedFile | SkippedEntry)[] = unlisted;
  const slices = new TimeSlices(signal);
  for (const file of matched) {
    const entry = leaves.get(file.slice(stage.length + 1));
    if (entry !== undefined) {
      found.push(toNamed(entry, last));
    }
    if (slices.isOver) {
      await slices.next();
    }
  }
  return found;
}

/**
 * A pattern that asks for the very files a rule is about (`logs/*.log` and `*.log`) is taken at its word:
 * a rule that covers all of its last part does not hold against it.
 */
function toNamed(entry: WalkedFile | SkippedEntry, last: string): WalkedFile | SkippedEntry {
  if (entry.kind === 'file' || entry.rule === undefined || entry.real === undefined) {
    return entry;
  }
  const isWord = /[^*?{}[\]()!,.]/u.test(last);
  const rule = parseIgnorePattern(path.posix.basename(entry.rule), false);
  return isWord && rule !== null && matchesPattern(rule, [last])
    ? { kind: 'file', path: entry.path, real: entry.real, isLinked: false }
    : entry;
}

const maxGlobChars = 1_000;
const maxStarsInName = 3;
/** Stars and groups (`{a,b}`, `@(a|b)`) of one name: each multiplies the ways to match. */
const maxChoicesInName = 4;
const maxGroups = 6;
const maxDeepParts = 4;

/**
 * The matcher goes back and forth between wildcards: more of them in one name could take for ever.
 * @throws RlmError 'INVALID_INPUT'
 */
function checkGlob(pattern: string): void {
  const parts = pattern.split('/');
  const isHard =
    pattern.length > maxGlobChars ||
    /[*+]\(/u.test(pattern) ||
    countGroups(pattern) > maxGroups ||
    parts.some((part) => countStars(part) + countGroups(part) > maxChoicesInName) ||
    parts.filter((part) => part.includes('**')).length > maxDeepParts ||
    parts.some((part) => countStars(part) > maxStarsInName);
  if (isHard) {
    const shown = toOneLine(pattern, 100);
    throw new RlmError('INVALID_INPUT', `The pattern ${shown} has too many wildcards.`, {
      nextStep:
        `Give at most ${maxStarsInName} stars and ${maxChoicesInName} stars and groups in one name, ` +
        `${maxGroups} groups and ${maxDeepParts} times ** in all, and no *(…) or +(…), ` +
        `in ${maxGlobChars} characters; several simple patterns do the same.`,
    });
  }
}

function countStars(text: string): number {
  return text.match(/\*+/gu)?.length ?? 0;
}

function countGroups(text: string): number {
  return text.match(/[({]/gu)?.length ?? 0;
}

function toGlobEntry(name: string, isFolder: boolean): GlobEntry {
  return {
    name,
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
  };
}
