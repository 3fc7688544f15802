// What .gitignore files rule out, as git reads them: deeper files win, parents up to the repository count, or up to
// the folder that may be read where there is none.

import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import path from 'node:path';
import { toByteText } from '../base/text';
import {
  type IgnorePattern,
  coversContent,
  matchesPattern,
  maxPatternChars,
  parseIgnorePattern,
} from '../base/ignorePattern';
import { toErrorCode, toErrorWords } from './systemError';

export const ignoreFileName = '.gitignore';
const maxIgnoreFileBytes = 1_000_000;
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
// Git folds case where the platform's file systems usually do.
const ignoreCase = process.platform === 'win32' || process.platform === 'darwin';

interface RuleFile {
  /** Names from the topmost folder to the one that the file is in. */
  readonly depth: number;
  readonly patterns: readonly IgnorePattern[];
}

/** What of a .gitignore file was not followed. */
export interface RuleProblem {
  /** Absolute, with every link resolved. */
  readonly file: string;
  /** Goes on a sentence that the file's name begins. */
  readonly problem: string;
}

/** The rules that hold for the entries of one folder. */
export class IgnoreRules {
  /** Topmost first. */
  readonly #files: readonly RuleFile[];
  /** Names from the topmost folder to this one. */
  readonly #names: readonly string[];
  /** In the files from the topmost folder to this one. */
  readonly problems: readonly RuleProblem[];

  private constructor(
    files: readonly RuleFile[],
    names: readonly string[],
    problems: readonly RuleProblem[] = [],
  ) {
    this.#files = files;
    this.#names = names;
    this.problems = problems;
  }

  /** Rules out nothing. */
  static readonly none = new IgnoreRules([], []);

  /**
   * What the folders above `realFolder` say about what is in it: up to its repository, else up to `realRoot`. The
   * caller has named the folder: rules about it, or a folder it lies in, or all that is directly in it do not hold.
   */
  static async createFor(realFolder: string, realRoot: string): Promise<IgnoreRules> {
    const top = (await findRepository(realFolder)) ?? realRoot;
    let rules = IgnoreRules.none;
    let folder = top;
    for (const name of path.relative(top, realFolder).split(path.sep).filter(Boolean)) {
      rules = (await rules.withFileOf(folder)).#enterNamed(name);
      folder = path.join(folder, name);
    }
    return rules.#without((pattern, below) => coversContent(pattern, below));
  }

  /** These rules and those of the .gitignore in this folder, when there is one. */
  async withFileOf(realFolder: string): Promise<IgnoreRules> {
    const file = path.join(realFolder, ignoreFileName);
    const { text, problem } = await readIgnoreFile(file);
    const lines = text.replace(/^\uFEFF/u, '').split(/\r?\n/u);
    const patterns = lines
      .map((line) => parseIgnorePattern(fold(line), ignoreCase))
      .filter((pattern) => pattern !== null);
    const long = lines.filter((line) => isRule(line) && line.length > maxPatternChars).length;
    const problems = [
      ...(problem === null ? [] : [{ file, problem }]),
      ...(long === 0 ? [] : [{ file, problem: toLongText(long) }]),
    ];
    const rules = { depth: this.#names.length, patterns };
    const files = patterns.length === 0 ? this.#files : [...this.#files, rules];
    return new IgnoreRules(files, this.#names, [...this.problems, ...problems]);
  }

  /** The rules for a folder in this one. */
  enter(name: string): IgnoreRules {
    return new IgnoreRules(this.#files, [...this.#names, fold(name)], this.problems);
  }

  /** The rule that rules out an entry, as it is written; null when none does. The last that matches counts. */
  findRule(name: string, kind: 'file' | 'folder'): string | null {
    return this.#findPattern(name, kind)?.text ?? null;
  }

  #findPattern(name: string, kind: 'file' | 'folder'): IgnorePattern | null {
    const names = [...this.#names, fold(name)];
    for (const { depth, patterns } of [...this.#files].reverse()) {
      const below = names.slice(depth);
      const last = patterns.findLast(
        (pattern) => (kind === 'folder' || !pattern.onlyFolders) && matchesPattern(pattern, below),
      );
      if (last !== undefined) {
        return last.isNegative ? null : last;
      }
    }
    return null;
  }

  /** As `enter`, without the rules that rule the folder out. */
  #enterNamed(name: string): IgnoreRules {
    let open = this.#without(() => false);
    for (;;) {
      const rule = open.#findPattern(name, 'folder');
      if (rule === null) {
        return open.enter(name);
      }
      open = open.#without((pattern) => pattern === rule);
    }
  }

  /** `below`: names from the folder of the pattern's file to this one. */
  #without(isOut: (pattern: IgnorePattern, below: readonly string[]) => boolean): IgnoreRules {
    const files = this.#files.map(({ depth, patterns }) => {
      const below = this.#names.slice(depth);
      return { depth, patterns: patterns.filter((pattern) => !isOut(pattern, below)) };
    });
    return new IgnoreRules(files, this.#names, this.problems);
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

function isRule(line: string): boolean {
  return line.trim() !== '' && !line.startsWith('#');
}

function toLongText(count: number): string {
  const lines = count === 1 ? 'a line' : `${count.toLocaleString('en')} lines`;
  return `has ${lines} of more than ${maxPatternChars.toLocaleString('en')} characters, not followed`;
}

interface IgnoreFile {
  readonly text: string;
  /** Why it was not read; null also where there is none. */
  readonly problem: string | null;
}

/** As Git, it goes on without a file that cannot be read. */
async function readIgnoreFile(file: string): Promise<IgnoreFile> {
  try {
    const handle = await open(file, readFlags);
    try {
      const info = await handle.stat();
      if (!info.isFile()) {
        return { text: '', problem: 'is no file, and was not followed' };
      }
      return info.size > maxIgnoreFileBytes
        ? { text: '', problem: `is over ${toByteText(maxIgnoreFileBytes)}, and was not followed` }
        : { text: await handle.readFile('utf8'), problem: null };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const isThere = !['ENOENT', 'ENOTDIR'].includes(toErrorCode(error));
    const problem = `was not followed: ${toErrorWords(error)}`;
    return { text: '', problem: isThere ? problem : null };
  }
}
