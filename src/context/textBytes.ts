// Whether the first bytes of a file are text: what no text has decides, never a single odd byte.

import { isUtf8 } from 'node:buffer';
import { completeUtf8Length, readByteOrderMark } from './encoding';
import { type FileKind, findFileKind, unknownKind, zeroKind } from './fileKinds';
import { findWideEncoding } from './wideEncoding';

/** Null: it is text. `isGiven`: the caller says in which encoding, so only known kinds speak against it. */
export function findNoText(head: Buffer, isGiven: boolean): FileKind | null {
  if (head.length === 0 || readByteOrderMark(head) !== null) {
    return null;
  }
  const isPdf = head.toString('latin1', 0, 5) === '%PDF-';
  if (!isPdf && isCleanUtf8(head)) {
    return null;
  }
  const kind = findFileKind(head);
  if (kind !== null || isGiven || findWideEncoding(head) !== null) {
    return kind;
  }
  const letters = head.filter((byte) => byte !== 0);
  if (letters.length === 0) {
    return zeroKind;
  }
  return isTextLike(Buffer.from(letters), letters.length < head.length) ? null : unknownKind;
}

function isCleanUtf8(head: Buffer): boolean {
  return isUtf8(head.subarray(0, completeUtf8Length(head))) && !head.some(isControlByte);
}

/**
 * Compressed and machine code has a control byte in ten; protocols with separators are UTF-8 besides.
 * Zero bytes among lines come from logs that were truncated while open, and from lists.
 */
function isTextLike(letters: Buffer, hadZeros: boolean): boolean {
  let controls = 0;
  let printable = 0;
  for (const byte of letters) {
    controls += isControlByte(byte) ? 1 : 0;
    printable += byte >= 0x20 && byte < 0x7f ? 1 : 0;
  }
  const share = controls / letters.length;
  if (isUtf8(letters.subarray(0, completeUtf8Length(letters)))) {
    return share <= (hadZeros ? 0.005 : 0.3);
  }
  return hadZeros ? share <= 0.001 && printable >= letters.length * 0.7 : share <= 0.02;
}

function isControlByte(byte: number): boolean {
  const isSpacing = byte >= 0x07 && byte <= 0x0d;
  const isEscape = byte === 0x1b;
  return (byte < 0x20 && !isSpacing && !isEscape) || byte === 0x7f;
}
