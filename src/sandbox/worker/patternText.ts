// The text of patterns: whether it is one, and what of it the engine has to be given in other words.

import { parseExpressionAt } from 'acorn';

/** Of a pattern with flags u and i: each property in a class. */
export function bracketProperties(pattern: string): string {
  let isClass = false;
  return pattern.replace(/\\p\{[^}]*\}|\\[^]|[[\]]/gu, (one) => {
    if (one === '[' || one === ']') {
      isClass = one === '[';
    }
    return !isClass && one.startsWith('\\p{') ? `[${one}]` : one;
  });
}

/** @throws SyntaxError where it is none with flag v */
export function requirePattern(pattern: string): void {
  try {
    parseExpressionAt(`/${toLiteral(pattern)}/v`, 0, { ecmaVersion: 'latest' });
  } catch (error) {
    const message =
      error instanceof RangeError
        ? 'it is nested too deeply'
        : String(error instanceof Error && error.message);
    throw new SyntaxError(
      message
        .replace(/ \(\d+:\d+\)$/u, '')
        .replace(/^Invalid regular expression: \/[^]*\/: /u, 'Invalid regular expression: '),
      { cause: error },
    );
  }
}

/** As it stands between slashes. */
function toLiteral(pattern: string): string {
  let depth = 0;
  const literal = pattern.replace(/\\[^]|[[\]/\n\r\u2028\u2029]/gu, (one) => {
    depth += one === '[' ? 1 : one === ']' ? -1 : 0;
    if (one === '/' && depth <= 0) {
      return '\\/';
    }
    return /^[\n\r\u2028\u2029]$/u.test(one) ? toChar(one.charCodeAt(0)) : one;
  });
  return literal === '' ? '(?:)' : literal;
}

/** As it stands in a pattern, in a class or outside. */
export function toChar(codePoint: number): string {
  const text = String.fromCodePoint(codePoint);
  return /^[A-Za-z0-9]$/u.test(text) ? text : `\\u{${codePoint.toString(16)}}`;
}
