// The engine reads classes of patterns with flag v as those of flag u, without a word: what only v knows finds
// something else in it. Grep and count look with V8, which knows it.

import type { Token } from 'acorn';

const escapes = /\\[^q]/gu;
const sets = /\[[^\]]*(?:\[|--|&&|\\q\{)/u;
const givenToHelper = /\b(?:grep|count)\(\s*$/u;

/** @throws SyntaxError with its place, as the parser's */
export function refuseClassSets(code: string, token: Token): void {
  const { value } = token as { value?: { pattern: string; flags: string } }; // acorn's types leave it out
  if (token.type.label !== 'regexp' || value === undefined || !value.flags.includes('v')) {
    return;
  }
  const isSet = sets.test(value.pattern.replace(escapes, ''));
  if (isSet && !givenToHelper.test(code.slice(Math.max(token.start - 100, 0), token.start))) {
    const message =
      'this engine does not know sets in classes (flag v: [a--b], [a&&b], [[a]b], \\q{…}): write (?!b)a or a|b, or give the pattern to grep or count at once, as grep(/…/v)';
    throw Object.assign(new SyntaxError(message), { pos: token.start });
  }
}
