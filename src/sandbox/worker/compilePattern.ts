// Patterns that code asks V8 for, bounded in what their compilation takes: it happens outside of V8's
// heap, where no limit of a thread holds, and cannot be interrupted.

import { searchLimits } from '../../core/searchLimits';
import { SearchRefusal } from './searchRefusal';

/** A property class compiles to some 200 KB and 10 ms. Source: measured in Node 20. */
const maxProperties = 64;
/** Properties of strings, as \p{RGI_Emoji}: thousands of alternatives each. */
const stringProperty = /\\p\{(?:RGI_|Basic_Emoji|Emoji_Keycap)/gu;

/**
 * The pattern with flag g.
 * @throws SyntaxError when it is none
 * @throws SearchRefusal when it is too costly
 */
export function compilePattern(args: { readonly pattern: string; readonly flags: string }): RegExp {
  const { pattern, flags } = args;
  refuseAbove('characters', pattern.length, 2 * searchLimits.maxPatternChars);
  if (/[uv]/u.test(flags)) {
    refuseAbove('classes \\p{…}', countMatches(pattern, /\\p\{/giu), maxProperties);
    refuseAbove('classes of whole emoji', countMatches(pattern, stringProperty), 1);
  }
  return new RegExp(pattern, flags.includes('g') ? flags : `${flags}g`);
}

function countMatches(text: string, sought: RegExp): number {
  return text.match(sought)?.length ?? 0;
}

function refuseAbove(what: string, count: number, most: number): void {
  if (count > most) {
    throw new SearchRefusal(
      'INVALID_INPUT',
      `the pattern holds ${count} ${what}, and may hold ${most}: look for its parts one after another.`,
    );
  }
}
