// Shell patterns for names, as find and grep take them.

import { unsupported } from './commandLine';
import { compileForV8 } from './posixPattern';

/** Of a whole name; `*` and `?` match slashes too, as fnmatch without flags has it. */
export function createPathMatcher(pattern: string, ignoreCase: boolean): (name: string) => boolean {
  if (/[[\\]/u.test(pattern)) {
    const sets = pattern.split('[').slice(1);
    const isSimpleSet =
      !pattern.includes('\\') && sets.every((set) => /^[!^]?[\p{L}\p{N}_., -]+\]/u.test(set));
    if (!isSimpleSet) {
      throw unsupported(`the pattern ${pattern}`);
    }
  }
  const source = pattern.replace(/\[[!^]?[^[\]]+\]|[*?]|[\\^$.+()[\]{}|/]/gu, (part) => {
    if (part === '*') {
      return '[\\s\\S]*';
    }
    if (part === '?') {
      return '[\\s\\S]';
    }
    return part.length > 1 ? part.replace(/^\[[!^]/u, '[^') : `\\${part}`;
  });
  const compiled = compileForV8(`^(?:${source})$`, ignoreCase ? 'iu' : 'u');
  return (name) => compiled.test(name);
}
