// From an offset as a session's code counts to a line and column as the editor counts.

import type { Language } from '../../core/sandbox';

export interface LinePosition {
  /** From 0. */
  readonly line: number;
  /** UTF-16 units from the line's start. */
  readonly character: number;
}

/** Python counts code points, JavaScript UTF-16 units. Beyond the end it is the end. */
export function toPosition(text: string, offset: number, language: Language): LinePosition {
  const end = language === 'python' ? toUtf16Offset(text, offset) : Math.min(offset, text.length);
  let line = 0;
  let start = 0;
  for (const lineEnd of text.slice(0, end).matchAll(/\r\n|\r|\n/gu)) {
    line += 1;
    start = lineEnd.index + lineEnd[0].length;
  }
  return { line, character: end - start };
}

function toUtf16Offset(text: string, codePoints: number): number {
  let at = 0;
  for (let left = codePoints; left > 0 && at < text.length; left -= 1) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}
