// The text of patterns: whether it is one, and what of it the engine has to be given in other words.

import { parseExpressionAt } from 'acorn';

const property = /^\\p\{[^}]*\}$/iu;
/** `\W` in a class, where it is no end of a range. */
const noWord = /^(\[\^?)((?:\\[^]|[^\\\]])*?)\\W(?!-(?!\]))/u;

/**
 * A pattern with flags u and i, with each property in a class and `\W` in none: only so has the engine the letters of
 * the other case right.
 */
export function respellCaseless(pattern: string): string {
  return pattern.replace(/\\[pP]\{[^}]*\}?|\[(?:\\[^]?|[^\\\]])*\]?|\\[^]/gu, (one) => {
    if (property.test(one)) {
      return `[${one}]`;
    }
    return one.startsWith('[') ? respellClass(one) : one;
  });
}

function respellClass(text: string): string {
  let rest = text;
  for (let found = noWord.exec(rest); found; found = noWord.exec(rest)) {
    const [whole, start = '', before = ''] = found;
    if (before !== '-' && before.endsWith('-')) {
      return text; // none of the language's
    }
    rest = start + before + rest.slice(whole.length);
  }
  if (rest === text) {
    return text;
  }
  const others = rest.replace(/^\[\^?/u, '[');
  return text.startsWith('[^') ? `(?:(?!\\W|${others})[^])` : `(?:\\W|${others})`;
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
