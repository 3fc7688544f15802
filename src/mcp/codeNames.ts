// What a step's code says by name, read once for all variables: a step may change a hundred thousand. Heuristic
// by lines, in the syntax of both languages at once.

/** Of longer code its reader knows nothing by heart. */
const maxCodeChars = 50_000;

const token = /(?<![\p{L}\p{N}_$.])[\p{L}_$][\p{L}\p{N}_$]*/gu;
/** At the beginning of a statement: the name, and what stands to the right. */
const assignment =
  /(?:^|;)[ \t]*(?:(?:const|let|var) +)?([\p{L}_$][\p{L}\p{N}_$]*)[ \t]*(?:[-+*/%&|^]|\/\/|\*\*|>>|<<)?=(?![=>])([^;\n]*)/gmu;
const deletion = /^[ \t]*(?:del|delete)\b([^\n]*)/gmu;
/** Up to its first `in`: what comes later may be of the loop's body; one with `of` is JavaScript's. */
const pythonLoop = /^[ \t]*(?:async )?for\b((?:(?!\bof\b)[^\n:])*?)\bin\b/gmu;
/** Up to its first `of` or `in`, in JavaScript; no pattern of a loop is longer. */
const loopHead = /\bfor *(?:await *)?\(([^;\n]{0,500}?) (?:of|in) /gu;
const definition = /\b(?:def|class|function)\b[ *]*([\p{L}_$][\p{L}\p{N}_$]*)/gu;
const importing = /^[ \t]*(?:from\b[^\n]*?)?\bimport\b([^\n]*)/gmu;
const printing = /\b(?:print|console\.log)\(([^\n]*)/gu;

export class CodeNames {
  readonly mentioned: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
  /** Defined as a function or class, or imported. */
  readonly defined: ReadonlySet<string>;
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
    this.defined = new Set([...readMatches(definition, code), ...readMatches(importing, code)]);
    this.looped = new Set([...readMatches(pythonLoop, code), ...readMatches(loopHead, code)]);
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

function readTokens(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(token)].map(([name]) => name));
}
