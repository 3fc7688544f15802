// Splits Python and JavaScript into coloured pieces. Good enough to read by; it parses nothing.

import type { Language } from '../../src/core/sandbox';

export type TokenKind =
  'plain' | 'comment' | 'string' | 'number' | 'keyword' | 'constant' | 'function' | 'type';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

interface Grammar {
  /** One alternative per kind of token, each a named group. */
  readonly pattern: RegExp;
  readonly keywords: ReadonlySet<string>;
  readonly constants: ReadonlySet<string>;
}

const number = String.raw`(?<number>\b(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?)[jn]?\b)`;
const word = String.raw`(?<word>[\p{L}_$][\p{L}\p{N}_$]*)`;

const escape = String.raw`\\[^\n]|\\(?=\n|$)`;
/** A pattern of JavaScript, where a value is expected; one that is not closed goes on to its line's end, so that it is read once. */
const pattern = String.raw`\/(?<=[=(,:[!&|?{};\n]\s*\/)(?![/*])(?:[^\\/\n[]|${escape}|\[(?:[^\]\\\n]|${escape})*(?:\]|(?=\n|$)))+(?:\/[dgimsuvy]*|(?=\n|$))`;

const python: Grammar = {
  pattern: new RegExp(
    String.raw`(?<comment>#[^\n]*)|(?<string>[rRbBfFuU]{0,2}(?:'''[\s\S]*?(?:'''|$)|"""[\s\S]*?(?:"""|$)|'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?))|(?<decorator>@[\p{L}_][\p{L}\p{N}_.]*)|${number}|${word}`,
    'gu',
  ),
  keywords: new Set(
    (
      'and as assert async await break class continue def del elif else except finally for from ' +
      'global if import in is lambda match nonlocal not or pass raise return try while with yield'
    ).split(' '),
  ),
  constants: new Set(['None', 'True', 'False', 'self', 'cls']),
};

const javascript: Grammar = {
  pattern: new RegExp(
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?|${'`'}(?:[^${'`'}\\]|\\[\s\S])*${'`'}?|${pattern})|${number}|${word}`,
    'gu',
  ),
  keywords: new Set(
    (
      'async await break case catch class const continue debugger default delete do else export extends ' +
      'finally for from function if import in instanceof let new of return static super switch throw try ' +
      'typeof var void while with yield'
    ).split(' '),
  ),
  constants: new Set(['null', 'undefined', 'true', 'false', 'NaN', 'Infinity', 'this']),
};

/** Line by line; the texts of a line's tokens make up the line. */
export function tokenize(code: string, language: Language): readonly (readonly Token[])[] {
  const grammar = language === 'python' ? python : javascript;
  const lines: Token[][] = [[]];
  const put = (kind: TokenKind, text: string): void => {
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) {
        lines.push([]);
      }
      if (part !== '') {
        lines.at(-1)?.push({ kind, text: part });
      }
    }
  };
  let at = 0;
  let before = '';
  for (const match of code.matchAll(grammar.pattern)) {
    const [text] = match;
    put('plain', code.slice(at, match.index));
    at = match.index + text.length;
    put(toKind(match, { grammar, before, next: code.slice(at, at + 1) }), text);
    before = text;
  }
  put('plain', code.slice(at));
  return lines;
}

interface Place {
  readonly grammar: Grammar;
  /** The token before. */
  readonly before: string;
  /** The character after. */
  readonly next: string;
}

function toKind({ groups = {}, 0: text }: RegExpExecArray, place: Place): TokenKind {
  if (groups['comment'] !== undefined) {
    return 'comment';
  }
  if (groups['string'] !== undefined) {
    return 'string';
  }
  if (groups['number'] !== undefined) {
    return 'number';
  }
  if (groups['decorator'] !== undefined) {
    return 'function';
  }
  if (place.grammar.keywords.has(text)) {
    return 'keyword';
  }
  if (place.grammar.constants.has(text)) {
    return 'constant';
  }
  if (place.before === 'class' || place.before === 'new') {
    return 'type';
  }
  return place.next === '(' || place.before === 'def' || place.before === 'function'
    ? 'function'
    : 'plain';
}
