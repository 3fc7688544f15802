// Whether typed code goes on: open brackets and quotes, and Python blocks, until a blank line.
// A scan, not a parser: where it errs, a blank line or Ctrl+C gets the person out.

import type { Language } from '../../core/sandbox';

export function needsMoreLines(code: string, language: Language): boolean {
  const lines = code.split('\n');
  const isBlankLast = lines.length > 1 && lines.at(-1)?.trim() === '';
  const scan = language === 'python' ? scanPython(code) : scanJavaScript(code);
  if (scan.isInLongText) {
    return true; // a blank line may be part of the text
  }
  return !isBlankLast && (scan.depth > 0 || scan.isInBlock);
}

interface Scan {
  /** Open brackets. */
  readonly depth: number;
  /** Inside a triple-quoted string, a template or a comment over several lines. */
  readonly isInLongText: boolean;
  /** A Python block has begun, or the last line ends with a backslash. */
  readonly isInBlock: boolean;
}

const pythonToken =
  /#.*|"""|'''|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[([{]|[)\]}]|\n|\\\n|\S/gu;

function scanPython(code: string): Scan {
  let depth = 0;
  let isInBlock = /^\s*@/u.test(code);
  let lastToken = '';
  const tokens = new RegExp(pythonToken);
  for (let match = tokens.exec(code); match; match = tokens.exec(code)) {
    const [token] = match;
    if (token === '"""' || token === "'''") {
      const end = findTextEnd(code, tokens.lastIndex, token);
      if (end < 0) {
        return { depth, isInLongText: true, isInBlock };
      }
      tokens.lastIndex = end;
    }
    depth += toDepthChange(token);
    if (token === '\n') {
      isInBlock ||= lastToken === ':' && depth <= 0;
    }
    if (!token.startsWith('#')) {
      lastToken = token === '\n' ? '' : token;
    }
  }
  const goesOn = (lastToken === ':' && depth <= 0) || /\\$/u.test(code);
  return { depth, isInLongText: false, isInBlock: isInBlock || goesOn };
}

const javaScriptToken =
  /\/\/.*|\/\*|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`|[([{]|[)\]}]|[\w$]+|\/|\s+|\S/gu;
const regularExpression = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/uy;
/** After these a slash begins a regular expression. */
const wordsBeforeExpression =
  /^(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/u;

function scanJavaScript(code: string): Scan {
  /** Open brackets; `${` closes back into its template. */
  const open: string[] = [];
  let before = '';
  const tokens = new RegExp(javaScriptToken);
  for (let match = tokens.exec(code); match; match = tokens.exec(code)) {
    const [token] = match;
    const closesHole = token === '}' && open.at(-1) === '${';
    if (token === '`' || closesHole) {
      if (closesHole) {
        open.pop();
      }
      const end = findTemplateStop(code, tokens.lastIndex);
      if (end < 0) {
        return { depth: open.length, isInLongText: true, isInBlock: false };
      }
      tokens.lastIndex = end;
      if (code[end - 1] === '{') {
        open.push('${');
      }
    } else if (token === '/*') {
      const end = code.indexOf('*/', tokens.lastIndex);
      if (end < 0) {
        return { depth: open.length, isInLongText: true, isInBlock: false };
      }
      tokens.lastIndex = end + 2;
    } else if (token === '/' && isBeforeExpression(before)) {
      regularExpression.lastIndex = match.index;
      tokens.lastIndex += (regularExpression.exec(code)?.[0].length ?? 1) - 1;
    } else if (toDepthChange(token) > 0) {
      open.push(token);
    } else if (toDepthChange(token) < 0) {
      open.pop();
    }
    before = token.trim() === '' || token.startsWith('//') ? before : token;
  }
  return { depth: open.length, isInLongText: false, isInBlock: false };
}

function isBeforeExpression(token: string): boolean {
  return wordsBeforeExpression.test(token) || !/[\w$)\]}"'`]$/u.test(token);
}

function toDepthChange(token: string): number {
  if (token.length !== 1) {
    return 0;
  }
  return '([{'.includes(token) ? 1 : ')]}'.includes(token) ? -1 : 0;
}

/** Index after the next unescaped `quote`; -1 when there is none. */
function findTextEnd(code: string, from: number, quote: string): number {
  for (let at = from; at < code.length; at += code[at] === '\\' ? 2 : 1) {
    if (code.startsWith(quote, at)) {
      return at + quote.length;
    }
  }
  return -1;
}

/** Index after the backtick or `${` that ends this piece of a template; -1 when there is none. */
function findTemplateStop(code: string, from: number): number {
  for (let at = from; at < code.length; at += code[at] === '\\' ? 2 : 1) {
    if (code[at] === '`') {
      return at + 1;
    }
    if (code.startsWith('${', at)) {
      return at + 2;
    }
  }
  return -1;
}
