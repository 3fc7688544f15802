// Scores of an answer against the right one, each from 0 to 1, read from the answer as leniently as
// the benchmarks' own scripts do.
// Source: RULER `string_match_all`; OOLONG: exact, 0.75^|difference|, dates, phrases; OOLONG-Pairs: F1.

import { findDays } from './days';

export type Gold =
  /** The share of these that the answer contains, in whatever case. */
  | { readonly kind: 'strings'; readonly all: readonly string[] }
  /** Any one of these is right: several where they tie. */
  | { readonly kind: 'exact'; readonly any: readonly string[] }
  | { readonly kind: 'number'; readonly value: number }
  /** Any one of these days is right. */
  | { readonly kind: 'date'; readonly anyDay: readonly number[] }
  | { readonly kind: 'phrase'; readonly phrase: Phrase }
  | { readonly kind: 'pairs'; readonly pairs: readonly Pair[] };

export const phrases = ['more common than', 'less common than', 'same frequency as'] as const;
export type Phrase = (typeof phrases)[number];

/** The lower id first. */
export type Pair = readonly [number, number];

export function scoreAnswer(gold: Gold, answer: string): number {
  switch (gold.kind) {
    case 'strings':
      return matchAll(answer, gold.all);
    case 'exact': {
      const given = toFinalPart(answer).toLowerCase();
      return gold.any.some((one) => one.toLowerCase() === given) ? 1 : 0;
    }
    case 'number': {
      const given = toFinalPart(answer).replaceAll(',', '');
      return /^-?\d+$/u.test(given) ? 0.75 ** Math.abs(Number(given) - gold.value) : 0;
    }
    case 'date': {
      const [day, ...others] = findDays(answer);
      return day !== undefined && others.length === 0 && gold.anyDay.includes(day) ? 1 : 0;
    }
    case 'phrase': {
      const found = phrases.filter((phrase) => answer.toLowerCase().includes(phrase));
      return found.length === 1 && found[0] === gold.phrase ? 1 : 0;
    }
    case 'pairs':
      return scorePairs(answer, gold.pairs);
  }
}

function matchAll(answer: string, wanted: readonly string[]): number {
  const text = answer.toLowerCase();
  return wanted.filter((one) => text.includes(one.toLowerCase())).length / wanted.length;
}

/** What stands behind the last colon, or else a short answer whole and of a long one the last word. */
function toFinalPart(answer: string): string {
  const plain = answer.replace(/[*[\]'"`]/gu, '').trim();
  const colon = plain.lastIndexOf(':');
  const part =
    colon < 0 && plain.length >= 20 ? plain.split(/\s+/u).at(-1) : plain.slice(colon + 1);
  return (part ?? '').trim().replace(/\.$/u, '');
}

/** The harmonic mean of precision and recall over unordered pairs; two empty sets agree. */
function scorePairs(answer: string, gold: readonly Pair[]): number {
  const found = [...answer.matchAll(/\(\s*(\d+)\s*,\s*(\d+)\s*\)/gu)];
  const given = new Set(found.map(([, left, right]) => toPairKey(Number(left), Number(right))));
  const wanted = new Set(gold.map(([left, right]) => toPairKey(left, right)));
  const right = [...given].filter((pair) => wanted.has(pair)).length;
  const total = given.size + wanted.size;
  return total === 0 ? 1 : (2 * right) / total;
}

function toPairKey(left: number, right: number): string {
  return `${Math.min(left, right)},${Math.max(left, right)}`;
}
