// What .gitignore files rule out, as git reads them: deeper files win, parents up to the repository count.

import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

export const ignoreFileName = '.gitignore';
const maxIgnoreFileBytes = 1_000_000;
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
// Git folds case where the platform's file systems usually do.
const ignorecase = process.platform === 'win32' || process.platform === 'darwin';

/** The rules that hold for the entries of one folder. */
export class IgnoreRules {
  /** Knows the rules of all folders above, written relative to the topmost. */
  readonly #matcher: Ignore | null;
  /** From the topmost folder to this one: empty, or ending in a slash. */
  readonly #prefix: string;

  private constructor(matcher: Ignore | null, prefix: string) {
    this.#matcher = matcher;
    this.#prefix = prefix;
  }

  /**
   * What the folders above `realFolder`, up to its repository, say about what is in it. None when
   * they would rule out the folder itself: then the caller named it to have it read.
   */
  static async createFor(realFolder: string): Promise<IgnoreRules> {
    const none = new IgnoreRules(null, '');
    const repository = await findRepository(realFolder);
    if (repository === null) {
      return none;
    }
    let rules = none;
    let folder = repository;
    for (const name of path.relative(repository, realFolder).split(path.sep).filter(Boolean)) {
      rules = await rules.withFileOf(folder);
      if (rules.ignores(name, 'folder')) {
        return none;
      }
      rules = rules.enter(name);
      folder = path.join(folder, name);
    }
    return rules;
  }

  /** These rules and those of the .gitignore in this folder, when there is a readable one. */
  async withFileOf(realFolder: string): Promise<IgnoreRules> {
    const text = await readIgnoreFile(path.join(realFolder, ignoreFileName));
    if (text === null) {
      return this;
    }
    const lines = text
      .replace(/^\uFEFF/u, '')
      .split(/\r?\n/u)
      .map((line) => toRuleFromTop(line, this.#prefix));
    const above = ignore({ ignorecase }).add(this.#matcher ?? []);
    return new IgnoreRules(above.add(lines), this.#prefix);
  }

  /** The rules for a folder in this one. */
  enter(name: string): IgnoreRules {
    return new IgnoreRules(this.#matcher, `${this.#prefix}${name}/`);
  }

  ignores(name: string, kind: 'file' | 'folder'): boolean {
    const entry = `${this.#prefix}${name}${kind === 'folder' ? '/' : ''}`;
    return this.#matcher?.ignores(entry) ?? false;
  }
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

/** A rule of a nested file, rewritten as one of the topmost: that is what lets the last match win. */
function toRuleFromTop(line: string, prefix: string): string {
  const rule = line.startsWith('!') ? line.slice(1) : line;
  if (prefix === '' || rule.trim() === '' || line.startsWith('#')) {
    return line;
  }
  const folder = prefix.replace(/[\\*?[\]!# ]/gu, '\\$&');
  const isAnchored = /\/./u.test(rule.trimEnd());
  const below = isAnchored ? rule.replace(/^\//u, '') : `**/${rule}`;
  return `${line.startsWith('!') ? '!' : ''}/${folder}${below}`;
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
