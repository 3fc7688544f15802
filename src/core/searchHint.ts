// Where code took long to search a large context by itself, and a helper of the REPL answers at once.

import type { Language } from './sandbox';

/** A helper looks through so much in a tenth of a second. */
const leastChars = 1_000_000;
const leastMs = 2_000;
/** Searches of the language's own, in the order in which a reader meets them. */
const searches: Readonly<Record<Language, RegExp>> = {
  python: /\bre\.(?:findall|finditer|search|match|compile)\b|\.(?:findall|finditer)\(/u,
  javascript: /\.(?:matchAll|match|exec|test)\(/u,
};
const helpers = /(?<![.\w])(?:grep|count)\(/u;

export interface SearchedStep {
  readonly code: string;
  readonly language: Language;
  readonly durationMs: number;
  /** Of all contexts. */
  readonly contextChars: number;
}

/** What the step's caller may do instead, or null. */
export function toSearchHint(step: SearchedStep): string | null {
  const { code, language, durationMs, contextChars } = step;
  const isLong = durationMs >= leastMs && contextChars >= leastChars;
  const own = isLong && /\bcontext\b/u.test(code) ? searches[language].exec(code) : null;
  if (own === null || helpers.test(code)) {
    return null;
  }
  const seconds = (durationMs / 1_000).toFixed(1);
  const call = own[0].replace(/\($/u, '');
  return `The step took ${seconds} s, with ${call} over a long context: grep(pattern) and count(pattern) look through all of it at once.`;
}
