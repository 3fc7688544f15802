/* eslint-disable no-control-regex -- they are told from text */
// UTF-16 and UTF-32 without a mark: told by where their zero bytes stand, and by reading as text.

import { isAscii, isUtf8 } from 'node:buffer';
import { completeUtf8Length } from './encoding';
import { decodeBytes } from './encodingNames';

const sampleBytes = 8_192;
/** Fewer show no pattern. */
const minBytes = 8;

/** Null where the zero bytes make no plain pattern. */
export function findWideEncoding(head: Buffer): string | null {
  const sample = head.subarray(0, Math.min(sampleBytes, head.length));
  const isUtf8Text = isUtf8(sample.subarray(0, completeUtf8Length(sample))) && !isAscii(sample);
  if (sample.length < minBytes || !sample.includes(0) || isUtf8Text) {
    return null;
  }
  if (sample.length % 4 === 0) {
    const wide = ['utf-32le', 'utf-32be'].find((name) => isUtf32(sample, name === 'utf-32le'));
    if (wide !== undefined) {
      return wide;
    }
  }
  return sample.length % 2 === 0
    ? (['utf-16le', 'utf-16be'].find((name) => isUtf16(sample, name)) ?? null)
    : null;
}

function isUtf32(sample: Buffer, isLittle: boolean): boolean {
  for (let at = 0; at < sample.length; at += 4) {
    const [top = 0, next = 0] = isLittle
      ? [sample[at + 3], sample[at + 2]]
      : [sample[at], sample[at + 1]];
    if (top !== 0 || next > 0x10) {
      return false;
    }
  }
  return readsAsText(decodeBytes(sample, isLittle ? 'utf-32le' : 'utf-32be'));
}

/**
 * The upper bytes are zero in a fiftieth of the units at least (spaces, digits, line ends), the lower
 * ones more seldom (U+3000, U+4E00), never both; and the other units are not pairs of ASCII, as in text
 * with a zero byte here and there.
 */
function isUtf16(sample: Buffer, name: string): boolean {
  const upperAt = name === 'utf-16le' ? 1 : 0;
  let zeros = 0;
  let lowerZeros = 0;
  let asciiPairs = 0;
  for (let at = 0; at < sample.length; at += 2) {
    const upper = sample[at + upperAt] ?? 0;
    const lower = sample[at + 1 - upperAt] ?? 0;
    if (lower === 0 && upper === 0) {
      return false;
    }
    lowerZeros += lower === 0 ? 1 : 0;
    zeros += upper === 0 ? 1 : 0;
    asciiPairs += isPrintable(upper) && isPrintable(lower) ? 1 : 0;
  }
  const units = sample.length / 2;
  const isEnough =
    zeros * 50 >= units && lowerZeros < zeros && asciiPairs * 2 <= Math.max(0, units - zeros);
  return isEnough && readsAsText(decodeBytes(sample, name));
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

/** No halves of pairs, nothing unassigned or private, no controls but spacing. A cut pair at the end is none. */
function readsAsText(text: string): boolean {
  const whole = text.replace(/[\ud800-\udbff]$/, '');
  return !/[\p{Cs}\p{Cn}\p{Co}\ufffd]|[^\P{Cc}\t\n\f\r\x1b]/u.test(whole);
}
