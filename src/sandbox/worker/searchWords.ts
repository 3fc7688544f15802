// The words of a ranked search: which ones a query has, and where they stand in a text. A word is a run of
// letters with their marks, digits and `_`. Scripts written without spaces have no such runs: there a query
// is looked for as a whole and by its pairs of characters, wherever they stand. Of an English word its other
// forms are found too.

import { searchLimits } from '../../core/searchLimits';
import { SearchRefusal } from './searchRefusal';
import { stemWord } from './stemWord';
import { splitsPair } from './textPositions';

/** Written without spaces, or (Korean) with particles that no space parts from their words. */
const scripts = [
  ...['Han', 'Hira', 'Kana', 'Bopo', 'Hang', 'Yiii', 'Tang', 'Thai', 'Laoo', 'Khmr', 'Mymr'],
  ...['Lana', 'Tale', 'Talu', 'Tavt', 'Java', 'Bali'],
];
/** With the signs of Japanese that Unicode counts among no script. */
const unspacedClass = `${scripts.map((one) => `\\p{sc=${one}}`).join('')}\\u3006\\u3031-\\u3035\\u303c\\u3099\\u309a\\u30fc\\uff70\\uff9e\\uff9f`;
const unspaced = `(?=[\\p{L}\\p{M}\\p{N}])[${unspacedClass}]`;
const spacedStart = `(?![${unspacedClass}])[\\p{L}\\p{N}_]`;
const spaced = `(?![${unspacedClass}])[\\p{L}\\p{M}\\p{N}_]`;
const wordsOfQuery = new RegExp(`((?:${unspaced})+)|${spacedStart}(?:${spaced})*`, 'gu');
const spacedChar = new RegExp(`^${spaced}$`, 'u');
const mark = /^\p{M}$/u;

export interface Term {
  /** As texts may write it. */
  readonly forms: readonly string[];
  /** It counts wherever it stands, also within a run of letters. */
  readonly isUnspaced: boolean;
  /** Of a word of plain Latin letters: what its other forms have in common with it. */
  readonly stem: string | null;
}

export interface Terms {
  /** By what they are folded to. */
  readonly words: ReadonlyMap<string, Term>;
  /** `a b` → a number from 0: words by their numbers that follow one another in the query. */
  readonly pairs: ReadonlyMap<string, number>;
}

const plainWord = /^[a-z]{3,}$/;

/**
 * The different words of a query, and which of them follow one another.
 * @throws SearchRefusal when there are too many
 */
export function readTerms(query: string): Terms {
  const terms = new Map<string, Term>();
  const order: string[] = [];
  const add = (word: string, isUnspaced: boolean): void => {
    const forms = [word, word.normalize('NFC'), word.normalize('NFD')];
    const key = foldWord(word);
    const stem = !isUnspaced && plainWord.test(key) ? stemWord(key) : null;
    terms.set(key, { forms: [...(terms.get(key)?.forms ?? []), ...forms], isUnspaced, stem });
    order.push(key);
  };
  for (const [word, run] of query.matchAll(wordsOfQuery)) {
    add(word, run !== undefined);
    const chars = run === undefined ? [] : Array.from(run);
    for (let at = 0; chars.length > 2 && at + 1 < chars.length; at += 1) {
      add(chars.slice(at, at + 2).join(''), true);
    }
  }
  if (terms.size > searchLimits.maxTerms) {
    throw new SearchRefusal(
      'INVALID_INPUT',
      `the query has ${terms.size} different words, and may have ${searchLimits.maxTerms}: ` +
        'keep the ones that are rare, or find any of them with grep and a pattern.',
    );
  }
  return { words: terms, pairs: findPairs([...terms.keys()], order) };
}

function findPairs(keys: readonly string[], order: readonly string[]): ReadonlyMap<string, number> {
  const numbers = new Map(keys.map((key, number) => [key, number]));
  const pairs = new Map<string, number>();
  for (const [at, key] of order.entries()) {
    const next = order[at + 1];
    const pair = `${numbers.get(key) ?? ''} ${next === undefined ? '' : (numbers.get(next) ?? '')}`;
    if (next !== undefined && next !== key && !pairs.has(pair)) {
      pairs.set(pair, pairs.size);
    }
  }
  return pairs;
}

/** What a search has found of a term. */
export interface FoundWord {
  readonly term: number;
  readonly start: number;
  readonly end: number;
  /** The word itself, and no other form of it. */
  readonly isExact: boolean;
}

/** Finds terms by their numbers, in the order of the map they were given in. */
export class WordFinder {
  readonly #terms: readonly Term[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #stems: ReadonlyMap<string, number>;
  readonly #stemmed = new Map<string, string>();
  readonly #pattern: RegExp;

  constructor(terms: ReadonlyMap<string, Term>) {
    this.#terms = [...terms.values()];
    this.#numbers = new Map([...terms.keys()].map((key, number) => [key, number]));
    const stems = this.#terms.flatMap(({ stem }, number) =>
      stem === null ? [] : [{ stem, number }],
    );
    this.#stems = new Map(stems.toReversed().map(({ stem, number }) => [stem, number]));
    const forms = new Set(this.#terms.flatMap((term) => (term.stem === null ? term.forms : [])));
    // Longest first, so that a longer word is not taken for the shorter one that it begins with.
    const alternatives = [...forms].sort((left, right) => right.length - left.length);
    const beginnings = [...new Set([...this.#stems.keys()].map(toBeginning))];
    const others =
      beginnings.length === 0 ? [] : [`(?<![a-z0-9_])(?:${beginnings.join('|')})[a-z]*`];
    this.#pattern = new RegExp([...alternatives, ...others].join('|'), 'giu');
  }

  /** In text order; of terms that begin at one place, the longest. */
  find(text: string, onFound: (found: FoundWord) => void): void {
    const pattern = this.#pattern;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const start = match.index;
      const end = start + match[0].length;
      const word = foldWord(match[0]);
      const exact = this.#numbers.get(word);
      const term = exact ?? this.#stems.get(this.#stem(word)) ?? -1;
      const found = { term, start, end, isExact: exact !== undefined };
      if (this.#terms[term]?.isUnspaced === true) {
        onFound(found);
        pattern.lastIndex = start + (splitsPair(text, start + 1) ? 2 : 1); // pairs overlap
      } else if (term !== -1 && isWholeWord(text, start, end)) {
        onFound(found);
      }
    }
  }

  #stem(word: string): string {
    const known = this.#stemmed.get(word);
    if (known !== undefined) {
      return known;
    }
    const stem = stemWord(word);
    if (this.#stemmed.size < maxFolded) {
      this.#stemmed.set(word, stem);
    }
    return stem;
  }
}

/** What all words with this stem begin with. */
function toBeginning(stem: string): string {
  return stem.replace(/[ei]$/, '');
}

function isWholeWord(text: string, start: number, end: number): boolean {
  return !isSpacedAt(text, end) && !isSpacedAt(text, findBase(text, start));
}

/** Where the character before `at` begins that the marks between belong to. */
function findBase(text: string, at: number): number {
  for (let end = at; ;) {
    const start = splitsPair(text, end - 1) ? end - 2 : end - 1;
    if (!(text.charCodeAt(start) >= 128) || !mark.test(charAt(text, start))) {
      return start;
    }
    end = start;
  }
}

function isSpacedAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at); // NaN outside the text
  if (unit < 128) {
    const isLetter = (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
    return isLetter || (unit >= 48 && unit <= 57) || unit === 95;
  }
  return spacedChar.test(charAt(text, at));
}

function charAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 32);
}

const beyondAscii = /[^\0-\x7f]/u;
const folded = new Map<string, string>();
const maxFolded = 10_000;

/** Words are the same that are equal by simple case folding, which is what flag `i` of a pattern goes by. */
function foldWord(word: string): string {
  return beyondAscii.test(word)
    ? Array.from(word.normalize('NFC'), foldChar).join('')
    : word.toLowerCase();
}

/** Lower case of upper case, as far as each is one character that flag `i` takes for the same. */
export function foldChar(char: string): string {
  const known = folded.get(char);
  if (known !== undefined) {
    return known;
  }
  const same = new RegExp(`^[${char}]$`, 'iu');
  const upper = char.toUpperCase();
  const base = same.test(upper) ? upper : char;
  const lower = base.toLowerCase();
  const fold = same.test(lower) ? lower : base;
  if (folded.size < maxFolded) {
    folded.set(char, fold);
  }
  return fold;
}
