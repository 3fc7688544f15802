// One rule of a .gitignore file, matched in time that grows with the lengths alone, whatever its wildcards. As in git,
// a character is a byte of UTF-8. Source: git's wildmatch.c and dir.c.

import { readIgnoreClass } from './ignoreClass';

/** A byte, any one, any number, or one of a class; never a slash. */
type Token =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'one' }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly bytes: ReadonlySet<number> };

/** `deep`: any number of folders. */
type Segment = 'deep' | readonly Token[];

export interface IgnorePattern {
  /** As it is written. */
  readonly text: string;
  readonly isNegative: boolean;
  readonly onlyFolders: boolean;
  readonly segments: readonly Segment[];
}

/** Longer than any path that a rule could be about. */
export const maxPatternChars = 1_000;

/** All spaces at the end, but one that a backslash stands before. */
function dropEndSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === ' ') {
    end -= 1;
  }
  let slashes = 0;
  while (line[end - slashes - 1] === '\\') {
    slashes += 1;
  }
  return line.slice(0, slashes % 2 === 1 ? end + 1 : end);
}

/** Null for a line that is no rule: empty, a comment, or of more than `maxPatternChars`. */
export function parseIgnorePattern(line: string, ignoreCase: boolean): IgnorePattern | null {
  const text = dropEndSpaces(line);
  if (text === '' || text.startsWith('#') || text.length > maxPatternChars) {
    return null;
  }
  const isNegative = text.startsWith('!');
  const body = isNegative ? text.slice(1) : text;
  const onlyFolders = body.endsWith('/');
  const path = onlyFolders ? body.slice(0, -1) : body;
  const segments = toSegments(path.replace(/^\//u, ''), ignoreCase);
  return {
    text,
    isNegative,
    onlyFolders,
    segments: path.includes('/') ? segments : ['deep', ...segments],
  };
}

/** Whether a rule is about everything directly in one folder, which it names, such as `logs/*`. */
export function coversContent(
  { segments, isNegative }: IgnorePattern,
  folder: readonly string[],
): boolean {
  const last = segments.at(-1);
  const isAll = last === 'deep' || last?.every(({ kind }) => kind === 'any');
  const above = segments.slice(0, -1);
  const isNamed = above.some((one) => one !== 'deep' && one.some(({ kind }) => kind !== 'any'));
  return !isNegative && isAll === true && isNamed && matchesPattern({ segments: above }, folder);
}

/** `names`: the parts of a path from the folder of the .gitignore file. */
export function matchesPattern(
  { segments }: Pick<IgnorePattern, 'segments'>,
  names: readonly string[],
): boolean {
  const bytes = names.map((name) => Buffer.from(name));
  // reached[n]: the segments so far match exactly the first n names.
  let reached = names.map(() => false);
  let atStart = true;
  for (const [index, segment] of segments.entries()) {
    const before = (at: number): boolean => (at === 0 ? atStart : (reached[at - 1] ?? false));
    const next: boolean[] = [];
    if (segment === 'deep') {
      // At the end it stands for what is inside, never for the folder itself.
      const isLast = index === segments.length - 1;
      let open = atStart;
      for (let at = 0; at < names.length; at += 1) {
        next.push(open || (!isLast && (reached[at] ?? false)));
        open ||= reached[at] ?? false;
      }
      reached = isLast ? next : next.map((one, at) => one || (reached[at] ?? false));
      continue;
    }
    for (const [at, name] of bytes.entries()) {
      next.push(before(at) && matchesName(segment, name));
    }
    reached = next;
    atStart = false;
  }
  return reached.at(-1) ?? false;
}

/** A star that was taken too short is lengthened; only the last one ever needs to be. */
function matchesName(tokens: readonly Token[], name: Uint8Array): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const current = tokens[token];
    if (current?.kind === 'any') {
      star = token;
      starAt = at;
      token += 1;
    } else if (current !== undefined && matchesOne(current, name[at] ?? 0)) {
      token += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      token = star + 1;
    } else {
      return false;
    }
  }
  return tokens.slice(token).every(({ kind }) => kind === 'any');
}

function matchesOne(token: Exclude<Token, { kind: 'any' }>, byte: number): boolean {
  switch (token.kind) {
    case 'byte':
      return token.byte === byte;
    case 'one':
      return true;
    case 'class':
      return token.bytes.has(byte);
  }
}

/** A slash in a class, or behind a backslash, is one all the same: only the first does not part names. */
function toSegments(path: string, ignoreCase: boolean): readonly Segment[] {
  const source = Buffer.from(path).toString('latin1');
  const segments: Token[][] = [[]];
  const add = (token: Token): void => void segments.at(-1)?.push(token);
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] ?? '';
    if (char === '/') {
      segments.push([]);
    } else if (char === '*') {
      add({ kind: 'any' });
    } else if (char === '?') {
      add({ kind: 'one' });
    } else if (char === '[') {
      const { bytes, end } = readIgnoreClass(source, at, ignoreCase);
      add({ kind: 'class', bytes });
      at = end;
    } else if (char !== '\\') {
      add({ kind: 'byte', byte: source.charCodeAt(at) });
    } else if (source[at + 1] !== '/') {
      at += 1;
      // A backslash at the end escapes nothing, and matches nothing.
      add(
        at < source.length
          ? { kind: 'byte', byte: source.charCodeAt(at) }
          : { kind: 'class', bytes: new Set() },
      );
    }
  }
  return segments.map((tokens) =>
    tokens.length > 1 && tokens.every(({ kind }) => kind === 'any') ? 'deep' : tokens,
  );
}
