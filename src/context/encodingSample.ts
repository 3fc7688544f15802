// The lines of a file that hold bytes beyond ASCII, from all over it: the rest says nothing of its encoding.

import { countStrayBytes } from './encoding';
import { toLineShape } from './highLines';
import { type OpenedFile, readFully, roomBytes } from './openedFile';

const windowBytes = 65_536;
const windows = 12;
/** From one window, so that all parts of a file have their say. */
const windowShare = 8_192;

/** Below it no byte is part of a longer character in any encoding of two bytes. */
const firstPartByte = 0x30;

export interface EncodingSample {
  readonly bytes: Buffer;
  /** Of all its lines beyond ASCII, also those alike, nearly every one is valid UTF-8. */
  readonly isMostlyUtf8: boolean;
}

/** Lines that are valid UTF-8, for each that is not. */
const mostly = 10;

/** The lines that were taken, by their shapes, and how many were UTF-8. */
class Seen {
  readonly shapes = new Set<string>();
  #valid = 0;
  #others = 0;

  count(line: Buffer): void {
    if (countStrayBytes(line) === 0) {
      this.#valid += 1;
    } else {
      this.#others += 1;
    }
  }

  get isMostlyUtf8(): boolean {
    return this.#valid > this.#others * mostly;
  }
}

/**
 * Distinct lines, whole ones as far as there are: characters that are cut mislead.
 * `odd`: a part of the file that is known to hold bytes beyond ASCII. At most about 112 KB.
 */
export async function readSample(file: OpenedFile, odd: Buffer): Promise<EncodingSample> {
  const { handle, head, sizeBytes } = file;
  const start = head.subarray(roomBytes);
  const seen = new Seen();
  const parts = [
    takeLines(start, seen, handle === null),
    takeLines(dropCutStart(odd), seen, false),
  ];
  if (handle !== null) {
    const step = Math.max(windowBytes, Math.floor((sizeBytes - head.length) / windows));
    const buffer = Buffer.allocUnsafe(windowBytes);
    for (let at = head.length - roomBytes; at < sizeBytes; at += step) {
      const read = await readFully(handle, buffer, at);
      const bytes = dropCutStart(buffer.subarray(0, read));
      parts.push(takeLines(bytes, seen, at + read >= sizeBytes));
    }
  }
  const sample = Buffer.concat(parts);
  const bytes = sample.some((byte) => byte >= 0x80) ? sample : odd.subarray(0, windowShare);
  return { bytes, isMostlyUtf8: seen.isMostlyUtf8 };
}

/** From a line's start, else from a place where no character is cut. */
function dropCutStart(bytes: Buffer): Buffer {
  const newline = bytes.indexOf(0x0a);
  const start = newline < 0 ? bytes.findIndex((byte) => byte < firstPartByte) : newline;
  return bytes.subarray(start + 1);
}

function takeLines(bytes: Buffer, seen: Seen, isWhole: boolean): Buffer {
  const lines: Buffer[] = [];
  let left = windowShare;
  for (let at = 0; at < bytes.length && left > 0;) {
    const newline = bytes.indexOf(0x0a, at);
    const end = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(at, end);
    at = end;
    const first = line.findIndex((byte) => byte >= 0x80);
    if (first < 0) {
      continue;
    }
    // Of a long line, the part where it leaves ASCII.
    const from = line.length <= left ? 0 : Math.max(0, first - 64);
    const room = line.subarray(from, from + left);
    const isCut = from + left < line.length || (newline < 0 && !isWhole);
    const part = isCut ? dropCutEnd(room) : room;
    seen.count(part);
    const shape = toLineShape(part.toString('latin1'));
    if (!seen.shapes.has(shape)) {
      seen.shapes.add(shape);
      lines.push(part, lineEnd);
      left -= part.length;
    }
  }
  return Buffer.concat(lines);
}

const lineEnd = Buffer.from('\n');

function dropCutEnd(bytes: Buffer): Buffer {
  const last = bytes.findLastIndex((byte) => byte < firstPartByte);
  return last < 0 ? bytes : bytes.subarray(0, last);
}
