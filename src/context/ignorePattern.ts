// One rule of a .gitignore file, matched in time that grows with the lengths alone, whatever its wildcards.

/** A character, any one, any number, or one of a class; never a slash. */
type Token =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly pattern: RegExp };

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

/** All blanks at the end, but the first where a backslash stands before it. */
function dropEndBlanks(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) {
    end -= 1;
  }
  return line.slice(0, line[end - 1] === '\\' ? end + 1 : end);
}

/** Null for a line that is no rule: empty, a comment, or of more than `maxPatternChars`. */
export function parseIgnorePattern(line: string, ignoreCase: boolean): IgnorePattern | null {
  const text = dropEndBlanks(line);
  if (text === '' || text.startsWith('#') || text.length > maxPatternChars) {
    return null;
  }
  const isNegative = text.startsWith('!');
  const body = isNegative ? text.slice(1) : text.replace(/^\\([!#])/u, '$1');
  const onlyFolders = body.endsWith('/');
  const path = onlyFolders ? body.slice(0, -1) : body;
  const names = path.replace(/^\//u, '').split('/');
  const isAnchored = path.includes('/');
  const segments = names.map((name): Segment =>
    name === '**' ? 'deep' : toTokens(name, ignoreCase),
  );
  return {
    text,
    isNegative,
    onlyFolders,
    segments: isAnchored ? segments : ['deep', ...segments],
  };
}

/** `names`: the parts of a path from the folder of the .gitignore file. */
export function matchesPattern(
  { segments }: Pick<IgnorePattern, 'segments'>,
  names: readonly string[],
): boolean {
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
    for (const [at, name] of names.entries()) {
      next.push(before(at) && matchesName(segment, name));
    }
    reached = next;
    atStart = false;
  }
  return reached.at(-1) ?? false;
}

/** A star that was taken too short is lengthened; only the last one ever needs to be. */
function matchesName(tokens: readonly Token[], name: string): boolean {
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
    } else if (current !== undefined && matchesOne(current, name[at] ?? '')) {
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

function matchesOne(token: Exclude<Token, { kind: 'any' }>, char: string): boolean {
  switch (token.kind) {
    case 'char':
      return token.char === char;
    case 'one':
      return true;
    case 'class':
      return token.pattern.test(char);
  }
}

function toTokens(name: string, ignoreCase: boolean): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < name.length; at += 1) {
    const char = name[at] ?? '';
    const end =
      char === '[' ? name.indexOf(']', at + (/^\[[!^]\]/u.test(name.slice(at)) ? 3 : 2)) : -1;
    if (char === '*') {
      tokens.push({ kind: 'any' });
    } else if (char === '?') {
      tokens.push({ kind: 'one' });
    } else if (end > 0) {
      tokens.push({ kind: 'class', pattern: toClass(name.slice(at + 1, end), ignoreCase) });
      at = end;
    } else {
      at += char === '\\' ? 1 : 0;
      tokens.push({ kind: 'char', char: name[at] ?? '' });
    }
  }
  return tokens;
}

function toClass(body: string, ignoreCase: boolean): RegExp {
  const isNegated = /^[!^]/u.test(body);
  const members = (isNegated ? body.slice(1) : body).replace(/[\]^[]/gu, '\\$&');
  try {
    return new RegExp(`^[${isNegated ? '^' : ''}${members}]$`, ignoreCase ? 'iu' : 'u');
  } catch {
    return /^(?!)/u; // such as a range that goes backwards, which matches nothing
  }
}
