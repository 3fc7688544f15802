// Basic and extended regular expressions as GNU's tools read them. Whether something matches, V8 says; where a match ends,
// too, for patterns of which the first match found is the longest; for the others RE2 looks for the longest.

import { RE2JS } from 're2js';
import { CommandFailure, unsupported } from './commandLine';

export interface PatternOptions {
  readonly syntax: 'basic' | 'extended';
  readonly ignoreCase: boolean;
  /** Puts conditions for V8 around the whole. */
  readonly around?: ((source: string) => string) | undefined;
  /** Sed reads `\n` and `\t`, also in sets; grep does not. */
  readonly tool: 'grep' | 'sed';
}

export interface Span {
  readonly start: number;
  readonly end: number;
  /** From 1; undefined where a group took no part. */
  readonly groups: readonly (string | undefined)[];
}

export interface PosixPattern {
  test(text: string): boolean;
  /** The leftmost match from there on, and of those the longest. */
  find(text: string, from: number): Span | null;
}

const classes: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}\\p{N}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: ' \\t\\n\\r\\f\\v',
  blank: ' \\t',
  punct: '\\p{P}\\p{S}',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
  print: ' \\p{L}\\p{N}\\p{P}\\p{S}\\p{M}',
  graph: '\\p{L}\\p{N}\\p{P}\\p{S}\\p{M}',
};
const word = '[\\p{L}\\p{N}_]';
const boundaries: Readonly<Record<string, string>> = {
  b: `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`,
  B: `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`,
  '<': `(?:(?<!${word})(?=${word}))`,
  '>': `(?:(?<=${word})(?!${word}))`,
};
const sets: Readonly<Record<string, string>> = {
  w: word,
  W: '[^\\p{L}\\p{N}_\\ud800-\\udfff]',
  s: '[ \\t\\n\\r\\f\\v]',
  S: '[^ \\t\\n\\r\\f\\v\\ud800-\\udfff]',
};
/** But what stands for a byte that is no part of one. */
const anyCharacter = '[^\\ud800-\\udfff]';
const special = /[\\^$.*+?()[\]{}|/]/u;
const specialInSet = /[\\^[\]-]/u;

/** One alternative: parts of it, the last of which a quantifier takes. */
interface Branch {
  readonly parts: string[];
  isRepeated: boolean;
}

class Translation {
  readonly #pattern: string;
  readonly #isBasic: boolean;
  readonly #tool: PatternOptions['tool'];
  /** Open groups, the outermost first: finished alternatives, and the one under way. */
  readonly #open: { readonly number: number; readonly done: string[]; branch: Branch }[] = [
    { number: 0, done: [], branch: { parts: [], isRepeated: false } },
  ];
  #at = 0;
  #groups = 0;
  /** Numbers of groups, as far as they are closed. */
  readonly #closed = new Set<number>();
  hasBackReference = false;
  hasBoundary = false;
  /** The first match that a backtracking search finds need not be the longest. */
  isAmbiguous = false;

  constructor(pattern: string, { syntax, tool }: Pick<PatternOptions, 'syntax' | 'tool'>) {
    this.#pattern = pattern;
    this.#isBasic = syntax === 'basic';
    this.#tool = tool;
  }

  run(): string {
    const chars = this.#pattern;
    while (this.#at < chars.length) {
      const char = String.fromCodePoint(chars.codePointAt(this.#at) ?? 0);
      this.#at += char.length;
      if (char === '\\') {
        this.#takeEscaped();
      } else if (char === '[') {
        this.#push(this.#readSet());
      } else if (char === '.') {
        this.#push(anyCharacter);
      } else if (char === '*') {
        this.#star();
      } else if (char === '^' || char === '$') {
        this.#anchor(char);
      } else if (!this.#isBasic && '+?{|()'.includes(char)) {
        this.#operator(char);
      } else {
        this.#literal(char);
      }
    }
    if (this.#open.length > 1) {
      throw new CommandFailure('Unmatched ( or \\(', 2);
    }
    return this.#closeBranches();
  }

  get #branch(): Branch {
    return this.#level.branch;
  }

  get #level() {
    const level = this.#open.at(-1);
    if (!level) {
      throw new CommandFailure('Unmatched ) or \\)', 2);
    }
    return level;
  }

  #push(part: string): void {
    this.#branch.parts.push(part);
    this.#branch.isRepeated = false;
  }

  #literal(char: string): void {
    this.#push(special.test(char) ? `\\${char}` : char);
  }

  #takeEscaped(): void {
    const char = this.#pattern.charAt(this.#at);
    this.#at += 1;
    if (char === '') {
      throw new CommandFailure('Trailing backslash', 2);
    }
    if (this.#isBasic && '(){|+?'.includes(char)) {
      this.#operator(char);
    } else if (/[1-9]/u.test(char)) {
      if (!this.#closed.has(Number(char))) {
        throw new CommandFailure('Invalid back reference', 2);
      }
      this.hasBackReference = true;
      this.#push(`(?:\\${char})`);
    } else if (boundaries[char] !== undefined) {
      this.hasBoundary = true;
      this.#push(boundaries[char]);
    } else if (sets[char] !== undefined) {
      this.#push(sets[char]);
    } else if ((char === 'n' || char === 't') && this.#tool === 'sed') {
      this.#push(`\\${char}`);
    } else if (/[A-Za-z0-9`'\u0080-\uffff]/u.test(char)) {
      throw unsupported(`\\${char} in a pattern`);
    } else {
      this.#literal(char);
    }
  }

  #operator(char: string): void {
    switch (char) {
      case '(':
        this.#groups += 1;
        this.#open.push({
          number: this.#groups,
          done: [],
          branch: { parts: [], isRepeated: false },
        });
        return;
      case ')':
        if (this.#open.length === 1) {
          if (!this.#isBasic) {
            throw unsupported('an unmatched ) in a pattern');
          }
          throw new CommandFailure('Unmatched ) or \\)', 2);
        }
        this.#closeGroup();
        return;
      case '|':
        this.isAmbiguous = true;
        this.#level.done.push(this.#branch.parts.join(''));
        this.#level.branch = { parts: [], isRepeated: false };
        return;
      case '{':
        this.#repeat(this.#readInterval());
        return;
      default:
        this.#repeat(char);
    }
  }

  #closeGroup(): void {
    const inside = this.#closeBranches();
    this.#closed.add(this.#open.pop()?.number ?? 0);
    this.#push(`(${inside})`);
  }

  #closeBranches(): string {
    return [...this.#level.done, this.#branch.parts.join('')].join('|');
  }

  #star(): void {
    const { parts } = this.#branch;
    const isFirst = parts.length === 0 || parts.at(-1) === '^';
    if (!isFirst) {
      this.#repeat('*');
    } else if (this.#isBasic) {
      this.#literal('*');
    } else {
      throw unsupported('a * with nothing before it');
    }
  }

  #repeat(quantifier: string): void {
    const { parts, isRepeated } = this.#branch;
    const last = parts.pop();
    const isEdge = Object.values(boundaries).includes(last ?? '');
    if (last === undefined || last === '^' || last === '$' || isEdge) {
      throw unsupported(`a ${quantifier} with nothing before it`);
    }
    if (last.startsWith('(') || isRepeated) {
      this.isAmbiguous = true;
    }
    this.#push(`${isRepeated ? `(?:${last})` : last}${quantifier}`);
    this.#branch.isRepeated = true;
  }

  #readInterval(): string {
    const end = this.#isBasic ? '\\\\\\}' : '\\}';
    const pattern = new RegExp(`^(\\d*)(?:(,)(\\d*))?${end}`, 'u');
    const found = pattern.exec(this.#pattern.slice(this.#at));
    const [all = '', low = '', comma, high = ''] = found ?? [];
    if (!found || (low === '' && comma === undefined)) {
      throw unsupported('a { that is no repetition');
    }
    if (Number(low) > 255 || Number(high) > 255) {
      throw unsupported('a repetition of more than 255 times');
    }
    this.#at += all.length;
    return `{${low === '' ? '0' : low}${comma ?? ''}${high}}`;
  }

  #anchor(char: string): void {
    const rest = this.#pattern.slice(this.#at);
    const isSpecial =
      !this.#isBasic || (char === '^' ? this.#branch.parts.length === 0 : /^$|^\\[)|]/u.test(rest));
    if (isSpecial) {
      this.#push(char);
    } else {
      this.#literal(char);
    }
  }

  /** After its `[`. */
  #readSet(): string {
    const chars = this.#pattern;
    const parts: string[] = [];
    const isNegated = chars.charAt(this.#at) === '^';
    this.#at += isNegated ? 1 : 0;
    for (let isFirst = true; ; isFirst = false) {
      if (this.#at >= chars.length) {
        throw new CommandFailure('Unmatched [, [^, [:, [., or [=', 2);
      }
      if (chars.charAt(this.#at) === ']' && !isFirst) {
        this.#at += 1;
        return `[${isNegated ? '^\\ud800-\\udfff' : ''}${parts.join('')}]`;
      }
      parts.push(this.#readSetPart());
    }
  }

  #readSetPart(): string {
    const rest = this.#pattern.slice(this.#at);
    const named = /^\[:([a-z]+):\]/u.exec(rest);
    if (named) {
      this.#at += named[0].length;
      const inside = classes[named[1] ?? ''];
      if (inside === undefined) {
        throw new CommandFailure('Invalid character class name', 2);
      }
      return inside;
    }
    if (/^\[[.=]/u.test(rest)) {
      throw unsupported('a collating element in a pattern');
    }
    const from = this.#readSetChar();
    const isRange = /^-[^\]]/u.test(this.#pattern.slice(this.#at));
    if (!isRange) {
      return escapeInSet(from);
    }
    this.#at += 1;
    const to = this.#readSetChar();
    if ((from.codePointAt(0) ?? 0) > (to.codePointAt(0) ?? 0)) {
      throw new CommandFailure('Invalid range end', 2);
    }
    return `${escapeInSet(from)}-${escapeInSet(to)}`;
  }

  #readSetChar(): string {
    const char = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    this.#at += char.length;
    // GNU reads these two there, and no other.
    if (char === '\\' && this.#tool === 'sed' && /^[nt]/u.test(this.#pattern.slice(this.#at))) {
      this.#at += 1;
      return this.#pattern.charAt(this.#at - 1) === 'n' ? '\n' : '\t';
    }
    return char;
  }
}

function escapeInSet(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return code < 32
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : specialInSet.test(char)
      ? `\\${char}`
      : char;
}

/** @throws CommandFailure for what is no pattern, or none that is supported */
export function compilePattern(
  pattern: string,
  { syntax, ignoreCase, around, tool }: PatternOptions,
): PosixPattern {
  const translation = new Translation(pattern, { syntax, tool });
  const plain = translation.run();
  const source = around?.(plain) ?? plain;
  const hasConditions = source !== plain;
  const flags = ignoreCase ? 'iu' : 'u';
  const tested = compileForV8(source, flags);
  if (!translation.isAmbiguous) {
    return { test: (text) => tested.test(text), find: createFinder(source, flags) };
  }
  return {
    test: (text) => tested.test(text),
    find: (text, from) => {
      if (hasConditions) {
        throw unsupported(
          '-w or -x beside alternatives or a repeated group, where the match counts',
        );
      }
      return findLongest(translation, plain, { text, from, ignoreCase });
    },
  };
}

export function compileForV8(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    throw unsupported('this pattern');
  }
}

/** Of V8's own first match. */
export function createFinder(source: string, flags: string): PosixPattern['find'] {
  const found = compileForV8(source, `${flags}g`);
  return (text, from) => {
    found.lastIndex = from;
    const match = found.exec(text);
    return match
      ? { start: match.index, end: match.index + match[0].length, groups: match.slice(1) }
      : null;
  };
}

const compiled = new WeakMap<Translation, RE2JS>();

function findLongest(
  translation: Translation,
  source: string,
  { text, from, ignoreCase }: { text: string; from: number; ignoreCase: boolean },
): Span | null {
  if (translation.hasBackReference || translation.hasBoundary) {
    throw unsupported('a back reference or a word’s edge beside alternatives or a repeated group');
  }
  let pattern = compiled.get(translation);
  if (!pattern) {
    const flags = RE2JS.LONGEST_MATCH | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    pattern = RE2JS.compile(source.replaceAll('\\ud800-\\udfff', '\\x{d800}-\\x{dfff}'), flags);
    compiled.set(translation, pattern);
  }
  try {
    const matcher = pattern.matcher(text);
    if (!matcher.find(from)) {
      return null;
    }
    const groups = Array.from({ length: matcher.groupCount() }, (_, index) => {
      const group: string | null = matcher.group(index + 1);
      return group ?? undefined;
    });
    return { start: matcher.start(), end: matcher.end(), groups };
  } catch {
    throw unsupported('this pattern'); // RE2 has failed on it
  }
}
