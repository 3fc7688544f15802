// From places as a session's code counts to lines and columns as the editor counts.

import type { Language } from '../../core/sandbox';
import type { SourcePlace } from '../../protocol/viewer';

export interface LinePosition {
  /** From 0. */
  readonly line: number;
  /** UTF-16 units from the line's start. */
  readonly character: number;
}

interface TextSelection {
  readonly start: LinePosition;
  readonly end: LinePosition;
}

/**
 * `readings`: texts that the file may be, likeliest first. The range is that of the first in which it
 * begins in the place's line; where there is none, it is the line's start. Null: neither is known.
 */
export function toSelection(
  readings: readonly string[],
  { line, range }: SourcePlace,
  language: Language,
): TextSelection | null {
  const text = range
    ? readings.find((one) => beginsIn(line, one, range.start, language))
    : undefined;
  if (range && text !== undefined) {
    return {
      start: toPosition(text, range.start, language),
      end: toPosition(text, range.end, language),
    };
  }
  const start = line === null ? null : { line: line - 1, character: 0 };
  return start && { start, end: start };
}

/** Python counts code points, JavaScript UTF-16 units. Beyond the end it is the end. */
export function toPosition(text: string, offset: number, language: Language): LinePosition {
  const end = toOffset(text, offset, language);
  let line = 0;
  let start = 0;
  for (const lineEnd of text.slice(0, end).matchAll(/\r\n|\r|\n/gu)) {
    line += 1;
    start = lineEnd.index + lineEnd[0].length;
  }
  return { line, character: end - start };
}

/** Whether `line`, which a session counts by line feeds alone, is that of the offset. */
function beginsIn(line: number | null, text: string, offset: number, language: Language): boolean {
  const before = text.slice(0, toOffset(text, offset, language));
  return line === null || before.split('\n').length === line;
}

function toOffset(text: string, offset: number, language: Language): number {
  return language === 'python' ? toUtf16Offset(text, offset) : Math.min(offset, text.length);
}

function toUtf16Offset(text: string, codePoints: number): number {
  let at = 0;
  for (let left = codePoints; left > 0 && at < text.length; left -= 1) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}
