// Looks at JSON text before it is parsed.

/** Deeper values make recursive code (JSON.stringify, validators) run out of stack. */
const maxJsonDepth = 100;

/** Whether arrays and objects are nested more than `maxDepth` levels deep. */
export function exceedsJsonDepth(text: string, maxDepth = maxJsonDepth): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\[^][^"\\]*)*"|[[{]|[\]}]/gu)) {
    if (token === '[' || token === '{') {
      depth += 1;
      if (depth > maxDepth) {
        return true;
      }
    } else if (token === ']' || token === '}') {
      depth -= 1;
    }
  }
  return false;
}

/** Whether every integer survives JavaScript's numbers unchanged. */
export function hasExactIntegers(text: string): boolean {
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\[^][^"\\]*)*"|-?\d[\d.eE+-]*/gu)) {
    if (/^-?\d+$/u.test(token) && !Number.isSafeInteger(Number(token))) {
      return false;
    }
  }
  return true;
}
