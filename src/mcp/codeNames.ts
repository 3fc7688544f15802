// What a step's code says by name, read once for all variables: a step may change a hundred thousand. Heuristic
// by lines, in the syntax of both languages at once.

/** Of longer code its reader knows nothing by heart. */
const maxCodeChars = 50_000;

const token = /(?<![\p{L}\p{N}_$.])[\p{L}_$][\p{L}\p{N}_$]*/gu;
/** At the beginning of a statement: the name, and what stands to the right. */
const assignment =
  /(?:^|;)[ \t]*(?:(?:const|let|var) +)?([\p{L}_$][\p{L}\p{N}_$]*)[ \t]*(?:[-+*/%&|^]|\/\/|\*\*|>>|<<)?=(?![=>])([^;\n]*)/gmu;
const deletion = /^[ \t]*(?:del|delete)\b([^\n]*)/gmu;
const pythonLoop = /^[ \t]*(?:async )?for\b([^\n:]*)\bin\b/gmu;
const loopHead = /\bfor *\(/u;
const printing = /\b(?:print|console\.log)\(([^\n]*)/gu;

export class CodeNames {
  readonly mentioned: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
  readonly looped: ReadonlySet<string>;
  /** In a call that prints, or in the last line, whose value is the result. */
  readonly printed: ReadonlySet<string>;
  /** The last line, where it is a name and nothing else: the result is its value. */
  readonly returned: string | null;
  readonly #assigned = new Map<string, string[]>();

  constructor(whole: string) {
    const code = whole.length > maxCodeChars ? '' : whole.trimEnd();
    this.mentioned = readTokens(code);
    this.deleted = readMatches(deletion, code);
    this.looped = new Set([...readMatches(pythonLoop, code), ...readLoops(code)]);
    const last = code.slice(code.lastIndexOf('\n') + 1);
    this.printed = new Set([...readMatches(printing, code), ...readTokens(last)]);
    this.returned = /^([\p{L}_$][\p{L}\p{N}_$]*);?$/u.exec(last)?.[1] ?? null;
    for (const [, name = '', right = ''] of code.matchAll(assignment)) {
      const rights = this.#assigned.get(name);
      if (rights) {
        rights.push(right.trim());
      } else {
        this.#assigned.set(name, [right.trim()]);
      }
    }
  }

  /** What stands to the right of each assignment to the name, at the beginning of a statement. */
  readAssigned(name: string): readonly string[] {
    return this.#assigned.get(name) ?? [];
  }
}

function readMatches(pattern: RegExp, code: string): ReadonlySet<string> {
  const parts = [...code.matchAll(pattern)].map(([, part = '']) => part);
  return readTokens(parts.join('\n'));
}

/** Between `for (` and the `of` or `in` of its statement, in JavaScript. */
function readLoops(code: string): ReadonlySet<string> {
  const heads = code.split(/[;\n]/u).map((statement) => {
    const begin = loopHead.exec(statement)?.index ?? Infinity;
    const end = Math.max(statement.lastIndexOf(' of '), statement.lastIndexOf(' in '));
    return statement.slice(begin, Math.max(begin, end));
  });
  return readTokens(heads.join('\n'));
}

function readTokens(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(token)].map(([name]) => name));
}
