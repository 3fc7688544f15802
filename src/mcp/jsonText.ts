// Looks at JSON text before it is parsed.

/** Deeper values make recursive code (JSON.stringify, validators) run out of stack. */
export const maxJsonDepth = 100;

const quote = 0x22;
const backslash = 0x5c;

/**
 * Whether arrays and objects are nested more than `maxDepth` levels deep. One pass over the text,
 * whatever is in it, also where it is not JSON.
 */
export function exceedsJsonDepth(text: string, maxDepth = maxJsonDepth): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = findStringEnd(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > maxDepth) {
          return true;
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
    }
  }
  return false;
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
      at = findStringEnd(text, at);
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

/** Index of the quote that closes the string which begins at `start`; the text's end without one. */
function findStringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      return at;
    }
    if (code === backslash) {
      at += 1;
    }
  }
  return text.length;
}
