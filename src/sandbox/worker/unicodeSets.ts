// Patterns with flag v, which the engine reads as if they had neither v nor u, as patterns with flag u that mean
// the same: sets of characters become alternatives, and what one set takes from another a look ahead.

import { requirePattern, toChar } from './patternText';

/** What a class stands for: alternatives that match one character each, and texts of any other length. */
interface Alternatives {
  readonly singles: readonly string[];
  readonly texts: readonly string[];
}

const maxChars = 40_000;
const textProperty = /\\p\{(?:RGI_|Basic_Emoji|Emoji_Keycap_Sequence)[^}]*\}/u;
const none = '[]';
const any = '[^]';

/** @throws SyntaxError when it is no such pattern, or none that can be said in another way */
export function toUnicodePattern(pattern: string, flags: string): string {
  if (pattern.length > maxChars) {
    throw new SyntaxError(
      `the pattern has ${pattern.length} characters, and with flag v at most ${maxChars}`,
    );
  }
  requirePattern(pattern);
  const property = textProperty.exec(pattern)?.[0];
  if (property !== undefined) {
    throw new SyntaxError(
      `this engine has no ${property}, whose members are texts of several characters: write \\p{Emoji_Presentation}, or what is looked for`,
    );
  }
  return new SetPattern(pattern, flags.includes('i')).translate();
}

const escapedChars: Readonly<Record<string, number>> = {
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  0: 0,
};

class SetPattern {
  readonly #pattern: string;
  readonly #ignoresCase: boolean;
  #at = 0;

  constructor(pattern: string, ignoresCase: boolean) {
    this.#pattern = pattern;
    this.#ignoresCase = ignoresCase;
  }

  translate(): string {
    let translated = '';
    while (this.#at < this.#pattern.length) {
      if (this.#takes('[')) {
        translated += toGroup(this.#class());
      } else if (this.#pattern.startsWith('\\', this.#at)) {
        translated += this.#classEscape() ?? this.#take(2);
      } else {
        translated += this.#take(1);
      }
    }
    return translated;
  }

  /** Behind its bracket, up to the closing one. */
  #class(): Alternatives {
    const isNegated = this.#takes('^');
    let all: Alternatives = { singles: [], texts: [] };
    let ranges = '';
    while (!this.#takes(']')) {
      if (this.#takes('--')) {
        all = this.#subtract(withRanges(all, ranges), this.#operand());
        ranges = '';
      } else if (this.#takes('&&')) {
        all = this.#intersect(withRanges(all, ranges), this.#operand());
        ranges = '';
      } else {
        const { range, set } = this.#item();
        ranges += range;
        all = { singles: [...all.singles, ...set.singles], texts: [...all.texts, ...set.texts] };
      }
    }
    all = withRanges(all, ranges);
    return isNegated ? { singles: [`(?!${toChoice(all.singles)})${any}`], texts: [] } : all;
  }

  /** Behind an operator: one character, or one set. */
  #operand(): Alternatives {
    const { range, set } = this.#item();
    return withRanges(set, range);
  }

  /** A character, a range, or a set. */
  #item(): { readonly range: string; readonly set: Alternatives } {
    const nothing = { singles: [], texts: [] };
    if (this.#takes('[')) {
      return { range: '', set: this.#class() };
    }
    if (this.#takes('\\q{')) {
      return { range: '', set: this.#texts() };
    }
    const escape = this.#classEscape();
    if (escape !== null) {
      return { range: '', set: { singles: [escape], texts: [] } };
    }
    const first = toChar(this.#char());
    const isRange =
      this.#pattern.startsWith('-', this.#at) && !this.#pattern.startsWith('--', this.#at);
    if (!isRange) {
      return { range: first, set: nothing };
    }
    this.#at += 1;
    return { range: `${first}-${toChar(this.#char())}`, set: nothing };
  }

  /** Of `\q{…}`, behind the brace. */
  #texts(): Alternatives {
    const singles: string[] = [];
    const texts: string[] = [];
    let text = '';
    let chars = 0;
    const end = (): void => {
      (chars === 1 ? singles : texts).push(text);
      text = '';
      chars = 0;
    };
    while (!this.#takes('}')) {
      if (this.#takes('|')) {
        end();
      } else {
        text += toChar(this.#char());
        chars += 1;
      }
    }
    end();
    return { singles, texts };
  }

  /** Several characters at once, as `\d` and `\p{…}`; null where something else stands. */
  #classEscape(): string | null {
    const found = /^\\(?:[dDwWsS]|([pP])(\{[^}]*\}))/u.exec(
      this.#pattern.slice(this.#at, this.#at + 200),
    );
    if (!found) {
      return null;
    }
    this.#at += found[0].length;
    const [escape, kind, property = ''] = found;
    // With v, what has no capitals of a kind has no small letters of it either, where case does not count.
    const isFolded = kind === 'P' && this.#ignoresCase;
    return isFolded ? `(?:(?![\\p${property}])${any})` : kind === 'p' ? `[${escape}]` : escape;
  }

  #char(): number {
    if (!this.#takes('\\')) {
      return this.#takeCodePoint();
    }
    const hex =
      /^(?:x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]+)\}|u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/u.exec(
        this.#pattern.slice(this.#at, this.#at + 40),
      );
    if (hex) {
      const [text, byte, point, high, low, unit] = hex;
      this.#at += text.length;
      const units = [byte ?? point ?? high ?? unit ?? '', ...(low === undefined ? [] : [low])];
      const codes = units.map((one) => Number.parseInt(one, 16));
      return low === undefined
        ? (codes[0] ?? 0)
        : (String.fromCharCode(...codes).codePointAt(0) ?? 0);
    }
    if (this.#takes('c')) {
      return this.#takeCodePoint() % 32;
    }
    const char = this.#takeCodePoint();
    return escapedChars[String.fromCodePoint(char)] ?? char;
  }

  #takeCodePoint(): number {
    const codePoint = this.#pattern.codePointAt(this.#at);
    if (codePoint === undefined) {
      throw new SyntaxError('Invalid regular expression: its end is missing');
    }
    this.#at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  #subtract(from: Alternatives, other: Alternatives): Alternatives {
    this.#requireTexts(from, other);
    return {
      singles: [`(?!${toChoice(other.singles)})${toChoice(from.singles)}`],
      texts: from.texts.filter((text) => !other.texts.includes(text)),
    };
  }

  #intersect(one: Alternatives, other: Alternatives): Alternatives {
    this.#requireTexts(one, other);
    return {
      singles: [`(?=${toChoice(other.singles)})${toChoice(one.singles)}`],
      texts: one.texts.filter((text) => other.texts.includes(text)),
    };
  }

  #requireTexts(one: Alternatives, other: Alternatives): void {
    if (this.#ignoresCase && one.texts.length > 0 && other.texts.length > 0) {
      throw new SyntaxError(
        'this engine does not compare texts of several characters (\\q{…}) where case does not count',
      );
    }
  }

  #takes(text: string): boolean {
    const isThere = this.#pattern.startsWith(text, this.#at);
    this.#at += isThere ? text.length : 0;
    return isThere;
  }

  #take(count: number): string {
    const text = this.#pattern.slice(this.#at, this.#at + count);
    this.#at += text.length;
    return text;
  }
}

function withRanges(all: Alternatives, ranges: string): Alternatives {
  return ranges === '' ? all : { ...all, singles: [...all.singles, `[${ranges}]`] };
}

function toChoice(singles: readonly string[]): string {
  return singles.length === 1 ? (singles[0] ?? none) : `(?:${singles.join('|') || none})`;
}

/** Longer texts come first, as the language has it; the empty one last. */
function toGroup({ singles, texts }: Alternatives): string {
  const length = (text: string): number => text.match(/\\u\{[^}]*\}|[^]/gu)?.length ?? 0;
  const inOrder = [...new Set(texts)].toSorted((one, other) => length(other) - length(one));
  const long = inOrder.filter((text) => text !== '');
  const empty = inOrder.length > long.length ? [''] : [];
  return `(?:${[...long, ...(singles.length > 0 || inOrder.length === 0 ? [toChoice(singles)] : []), ...empty].join('|')})`;
}
