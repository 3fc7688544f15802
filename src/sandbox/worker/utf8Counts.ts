// Counts over UTF-8 bytes, four at a time: what has to be known of a context before it is decoded.
// Source of the bit patterns: RFC 3629, section 3.

import { Buffer } from 'node:buffer';

export interface Utf8Counts {
  /** Bytes that go on with a character: 10xxxxxx. */
  readonly continuations: number;
  /** Characters beyond U+FFFF, whose first byte is 1111xxxx. */
  readonly astral: number;
  /** Whether a character lies beyond U+00FF: a first byte of C4 or more. */
  readonly isWide: boolean;
}

const wordBytes = 4;
/** Each byte of a running sum takes one a word, and must not overflow. */
const blockWords = 255;
const lowBits = 0x01010101;
const highBits = 0x80808080 | 0;
const newlines = 0x0a0a0a0a;

/** `bytes` must be valid UTF-8. */
export function countUtf8(bytes: Uint8Array): Utf8Counts {
  const { head, words, tail } = split(bytes);
  const sums = { continuations: 0, astral: 0, wide: 0 };
  for (let at = 0; at < words.length; at += blockWords) {
    const end = Math.min(at + blockWords, words.length);
    let continuations = 0;
    let astral = 0;
    let wide = 0;
    for (let index = at; index < end; index += 1) {
      const word = words[index] ?? 0;
      const two = word & (word << 1); // the top bit of each byte: whether its first two are set
      continuations = (continuations + (((word & ~(word << 1)) >>> 7) & lowBits)) | 0;
      astral = (astral + (((two & (word << 2) & (word << 3)) >>> 7) & lowBits)) | 0;
      wide |= two & ((word << 2) | (word << 3) | (word << 4) | (word << 5));
    }
    sums.continuations += sumBytes(continuations);
    sums.astral += sumBytes(astral);
    sums.wide |= wide & highBits;
  }
  for (const byte of [...head, ...tail]) {
    sums.continuations += (byte & 0xc0) === 0x80 ? 1 : 0;
    sums.astral += byte >= 0xf0 ? 1 : 0;
    sums.wide |= byte >= 0xc4 ? 1 : 0;
  }
  const { continuations, astral, wide } = sums;
  return { continuations, astral, isWide: wide !== 0 };
}

/** Of \n, \r\n and lone \r, in text of any length. */
export function countLineEnds(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength); // it searches ten times as fast
  let count = countNewlines(bytes);
  for (let at = view.indexOf(0x0d); at !== -1; at = view.indexOf(0x0d, at + 1)) {
    count += view[at + 1] === 0x0a ? 0 : 1;
  }
  return count;
}

function countNewlines(bytes: Uint8Array): number {
  const { head, words, tail } = split(bytes);
  let count = 0;
  for (let at = 0; at < words.length; at += blockWords) {
    const end = Math.min(at + blockWords, words.length);
    let found = 0;
    for (let index = at; index < end; index += 1) {
      const word = (words[index] ?? 0) ^ newlines; // a newline's byte is zero now
      const others = ((word & ~highBits) + ~highBits) | word; // the top bit of every other byte
      found = (found + ((~others >>> 7) & lowBits)) | 0;
    }
    count += sumBytes(found);
  }
  for (const byte of [...head, ...tail]) {
    count += byte === 0x0a ? 1 : 0;
  }
  return count;
}

/** The whole words in it, and the bytes before and after them. */
function split(bytes: Uint8Array): {
  readonly head: Uint8Array;
  readonly words: Int32Array;
  readonly tail: Uint8Array;
} {
  const headBytes = Math.min(-bytes.byteOffset & (wordBytes - 1), bytes.length);
  const count = Math.floor((bytes.length - headBytes) / wordBytes);
  return {
    head: bytes.subarray(0, headBytes),
    words: new Int32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + headBytes, count),
    tail: bytes.subarray(headBytes + count * wordBytes),
  };
}

function sumBytes(word: number): number {
  return (word & 0xff) + ((word >>> 8) & 0xff) + ((word >>> 16) & 0xff) + (word >>> 24);
}
