// Which paths a list of globs is about, as .gitignore files read them: `.env` anywhere, `/build` at the top, `keys/` with
// all that is in it, `!` takes back. Pure; time grows with the lengths alone.

import { type IgnorePattern, matchesPattern, parseIgnorePattern } from '../../base/ignorePattern';

export class PathRules {
  readonly #patterns: readonly IgnorePattern[];

  /** `ignoreCase`: as the file system that the paths are of. */
  constructor(globs: readonly string[], ignoreCase = false) {
    this.#patterns = globs
      .map((glob) => parseIgnorePattern(glob, ignoreCase))
      .filter((pattern) => pattern !== null);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  /** `path`: from the folder that the globs are about, parted by slashes or backslashes. */
  matches(path: string): boolean {
    const names = path.split(/[\\/]/u).filter((name) => name !== '' && name !== '.');
    let isMatched = false;
    for (const pattern of this.#patterns) {
      if (this.#covers(pattern, names)) {
        isMatched = !pattern.isNegative;
      }
    }
    return isMatched;
  }

  /** It or a folder that it lies in. */
  #covers(pattern: IgnorePattern, names: readonly string[]): boolean {
    return names.some((_, index) => {
      const isFolder = index < names.length - 1;
      return (
        (isFolder || !pattern.onlyFolders) && matchesPattern(pattern, names.slice(0, index + 1))
      );
    });
  }
}
