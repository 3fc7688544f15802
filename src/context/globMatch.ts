// Matches a glob over what a folder walk allows: tinyglobby decides and prunes, the walk lists.

import path from 'node:path';
import { glob } from 'tinyglobby';
import { type RlmError, toRlmError } from '../core/errors';
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
  pattern: string,
): Promise<readonly (WalkedFile | SkippedEntry)[]> {
  const folders = new Map([['', top]]);
  const leaves = new Map<string, WalkedFile | SkippedEntry>();
  const unlisted: SkippedEntry[] = [];
  let failure: RlmError | undefined;

  async function list(key: string): Promise<readonly GlobEntry[]> {
    const folder = folders.get(key);
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
      listed.push(toGlobEntry(name, entry.kind === 'folder'));
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
    expandDirectories: false,
    followSymbolicLinks: false,
    caseSensitiveMatch: process.platform !== 'win32' && process.platform !== 'darwin',
    fs: { readdir: readdir as never }, // of the overloads of fs.readdir, tinyglobby calls this one
  });
  if (failure !== undefined) {
    throw failure;
  }
  const found = matched.map((key) => leaves.get(key)).filter((entry) => entry !== undefined);
  return [...unlisted, ...found];
}

function toGlobEntry(name: string, isFolder: boolean): GlobEntry {
  return {
    name,
    isFile: () => !isFolder,
    isDirectory: () => isFolder,
    isSymbolicLink: () => false,
  };
}
