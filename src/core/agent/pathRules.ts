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
    const names = toNames(path);
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

/** The path from `root` on, parted by slashes; where it is not below it, or there is no root, without `.` and `..` alone. */
export function toPathBelow(path: string, root: string): string {
  const names = toNames(path);
  const above = toNames(root);
  const isBelow =
    isAbsolute(path) && above.length > 0 && above.every((name, index) => names[index] === name);
  return isBelow
    ? names.slice(above.length).join('/')
    : `${/^[\\/]/u.test(path) ? '/' : ''}${names.join('/')}`;
}

function isAbsolute(path: string): boolean {
  return /^(?:[\\/]|[a-z]:[\\/])/iu.test(path);
}

/** `..` takes back the name before it; what leaves the folder keeps it. */
function toNames(path: string): readonly string[] {
  const names: string[] = [];
  for (const name of path.split(/[\\/]/u)) {
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') {
      names.pop();
    } else if (name !== '' && name !== '.') {
      names.push(name);
    }
  }
  return names;
}
