// What of some bytes bears on their encoding: their distinct lines that leave ASCII.

/** In them digits are alike, so that a line with a number that counts up is one line. */
export function toLineShape(line: string): string {
  // A digit after a byte beyond ASCII may be part of a character of gb18030.
  return line.replace(/(?<![\x80-\xff])\d+/gu, '0').trim();
}

/** Bytes as Latin-1. A text that is repeated, or has ASCII lines among it, gives the same. */
export function findHighLines(bytes: Buffer): readonly string[] {
  const lines = bytes.toString('latin1').split(/[\r\n]+/u);
  return [...new Set(lines.filter((line) => /[\x80-\xff]/u.test(line)).map(toLineShape))];
}
