// Looks at JSON text before it is parsed.

import { checkJsonShape, findStringEnd } from '../base/jsonShape';

/** Deeper values make recursive code (JSON.stringify, validators) run out of stack. */
export const maxJsonDepth = 100;

const quote = 0x22;

/**
 * Whether arrays and objects are nested more than `maxDepth` levels deep. One pass over the text,
 * whatever is in it, also where it is not JSON.
 */
export function exceedsJsonDepth(text: string, maxDepth = maxJsonDepth): boolean {
  return checkJsonShape(text, { maxDepth, maxValues: Infinity }) === 'too deep';
}

/** Undefined for what is not JSON, or nested too deeply to be looked at. */
export function parseJson(text: string): unknown {
  if (exceedsJsonDepth(text)) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether every integer survives JavaScript's numbers unchanged. */
export function hasExactIntegers(text: string): boolean {
  const number = /-?\d[\d.eE+-]*/uy;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = findStringEnd(text, at + 1);
      if (end === -1) {
        return true; // no JSON: a parser refuses it
      }
      at = end;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      number.lastIndex = at;
      const [token = ''] = number.exec(text) ?? [];
      if (/^-?\d+$/u.test(token) && !Number.isSafeInteger(Number(token))) {
        return false;
      }
      at += Math.max(0, token.length - 1);
    }
  }
  return true;
}
