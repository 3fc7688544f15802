// The words of a ranked search: which ones a query has, and where they stand in a text. A word is a run of
// letters with their marks, digits and `_`. Scripts written without spaces have no such runs: there a query
// is looked for as a whole and by its pairs of characters, wherever they stand.

import { searchLimits } from '../../core/searchLimits';
import { SearchRefusal } from './searchRefusal';
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
}

/**
 * The different words of a query, by what they are folded to.
 * @throws SearchRefusal when there are too many
 */
export function readTerms(query: string): ReadonlyMap<string, Term> {
  const terms = new Map<string, Term>();
  const add = (word: string, isUnspaced: boolean): void => {
    const forms = [word, word.normalize('NFC'), word.normalize('NFD')];
    const key = foldWord(word);
    terms.set(key, { forms: [...(terms.get(key)?.forms ?? []), ...forms], isUnspaced });
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
  return terms;
}

/** Finds terms by their numbers, in the order of the map they were given in. */
export class WordFinder {
  readonly #terms: readonly Term[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #pattern: RegExp;

  constructor(terms: ReadonlyMap<string, Term>) {
    this.#terms = [...terms.values()];
    this.#numbers = new Map([...terms.keys()].map((key, number) => [key, number]));
    const forms = new Set(this.#terms.flatMap((term) => term.forms));
    // Longest first, so that a longer word is not taken for the shorter one that it begins with.
    const alternatives = [...forms].sort((left, right) => right.length - left.length);
    this.#pattern = new RegExp(alternatives.join('|'), 'giu');
  }

  /** In text order; of terms that begin at one place, the longest. */
  find(text: string, onFound: (term: number, position: number) => void): void {
    const pattern = this.#pattern;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const { index } = match;
      const number = this.#numbers.get(foldWord(match[0])) ?? -1;
      const term = this.#terms[number];
      if (term?.isUnspaced === true) {
        onFound(number, index);
        pattern.lastIndex = index + (splitsPair(text, index + 1) ? 2 : 1); // pairs overlap
      } else if (term && isWholeWord(text, index, index + match[0].length)) {
        onFound(number, index);
      }
    }
  }
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
