// What .gitignore files rule out, as git reads them: deeper files win, parents up to the repository count.

import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import path from 'node:path';
import { type IgnorePattern, matchesPattern, parseIgnorePattern } from './ignorePattern';

export const ignoreFileName = '.gitignore';
const maxIgnoreFileBytes = 1_000_000;
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
// Git folds case where the platform's file systems usually do.
const ignoreCase = process.platform === 'win32' || process.platform === 'darwin';

interface RuleFile {
  /** Names from the topmost folder to the one that the file is in. */
  readonly depth: number;
  readonly patterns: readonly IgnorePattern[];
  /** It lies above the folder that the caller named, and so speaks of folders only. */
  readonly isAbove: boolean;
}

/** The rules that hold for the entries of one folder. */
export class IgnoreRules {
  /** Topmost first. */
  readonly #files: readonly RuleFile[];
  /** Names from the topmost folder to this one. */
  readonly #names: readonly string[];

  private constructor(files: readonly RuleFile[], names: readonly string[]) {
    this.#files = files;
    this.#names = names;
  }

  /** Rules out nothing. */
  static readonly none = new IgnoreRules([], []);

  /**
   * What the folders above `realFolder`, up to its repository, say about the folders in it: about files
   * the caller, who named the folder, is taken at his word. None when they would rule out the folder itself.
   */
  static async createFor(realFolder: string): Promise<IgnoreRules> {
    const repository = await findRepository(realFolder);
    if (repository === null) {
      return IgnoreRules.none;
    }
    let rules = IgnoreRules.none;
    let folder = repository;
    for (const name of path.relative(repository, realFolder).split(path.sep).filter(Boolean)) {
      rules = await rules.withFileOf(folder);
      if (rules.findRule(name, 'folder') !== null) {
        return IgnoreRules.none;
      }
      rules = rules.enter(name);
      folder = path.join(folder, name);
    }
    return new IgnoreRules(
      rules.#files.map((file) => ({ ...file, isAbove: true })),
      rules.#names,
    );
  }

  /** These rules and those of the .gitignore in this folder, when there is a readable one. */
  async withFileOf(realFolder: string): Promise<IgnoreRules> {
    const text = await readIgnoreFile(path.join(realFolder, ignoreFileName));
    if (text === null) {
      return this;
    }
    const patterns = text
      .replace(/^\uFEFF/u, '')
      .split(/\r?\n/u)
      .map((line) => parseIgnorePattern(fold(line), ignoreCase))
      .filter((pattern) => pattern !== null);
    const file = { depth: this.#names.length, patterns, isAbove: false };
    return new IgnoreRules([...this.#files, file], this.#names);
  }

  /** The rules for a folder in this one. */
  enter(name: string): IgnoreRules {
    return new IgnoreRules(this.#files, [...this.#names, fold(name)]);
  }

  /** The rule that rules out an entry, as it is written; null when none does. The last that matches counts. */
  findRule(name: string, kind: 'file' | 'folder'): string | null {
    const names = [...this.#names, fold(name)];
    for (const { depth, patterns, isAbove } of [...this.#files].reverse()) {
      if (isAbove && kind === 'file') {
        continue;
      }
      const below = names.slice(depth);
      const last = patterns.findLast(
        (pattern) => (kind === 'folder' || !pattern.onlyFolders) && matchesPattern(pattern, below),
      );
      if (last !== undefined) {
        return last.isNegative ? null : last.text;
      }
    }
    return null;
  }
}

function fold(text: string): string {
  return ignoreCase ? text.toLowerCase() : text;
}

async function findRepository(realFolder: string): Promise<string | null> {
  for (let folder = realFolder; ; folder = path.dirname(folder)) {
    const hasGit = await lstat(path.join(folder, '.git')).then(
      () => true,
      () => false,
    );
    if (hasGit) {
      return folder;
    }
    if (path.dirname(folder) === folder) {
      return null;
    }
  }
}

async function readIgnoreFile(file: string): Promise<string | null> {
  try {
    const handle = await open(file, readFlags);
    try {
      const info = await handle.stat();
      return info.isFile() && info.size <= maxIgnoreFileBytes
        ? await handle.readFile('utf8')
        : null;
    } finally {
      await handle.close();
    }
  } catch {
    return null; // Git, too, reads on without a file that it cannot read.
  }
}
