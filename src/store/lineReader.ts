// Lines of a file by byte offset, from either end, reading no more than is asked for.

import { maxLineBytes } from './traceCodec';
import type { TraceBytes } from './traceSegments';

const blockBytes = 65_536;
const lineFeed = 0x0a;

export interface Line {
  readonly offset: number;
  /** Where the next line begins. */
  readonly nextOffset: number;
  /** Without the line feed; null for a line over `maxLineBytes`. */
  readonly bytes: Buffer | null;
}

/** The whole lines from the line start `from` up to `end`; empty lines and a torn last one are left out. */
export async function* readLines(
  file: TraceBytes,
  from: number,
  end: number,
): AsyncGenerator<Line, void, undefined> {
  let pieces: Buffer[] = [];
  let offset = from;
  for (let at = from; at < end;) {
    const block = await readBlock(file, at, Math.min(blockBytes, end - at));
    if (block.length === 0) {
      return;
    }
    let start = 0;
    for (let stop = block.indexOf(lineFeed); stop !== -1; stop = block.indexOf(lineFeed, start)) {
      pieces.push(block.subarray(start, stop));
      start = stop + 1;
      if (at + stop > offset) {
        yield toLine(offset, at + start, pieces);
      }
      offset = at + start;
      pieces = [];
    }
    at += block.length;
    // Of a line that is too long only its bounds matter.
    pieces = at - offset > maxLineBytes ? [] : [...pieces, block.subarray(start)];
  }
}

/** The same lines from the last one before `end` back to the start of the file. */
export async function* readLinesBackward(
  file: TraceBytes,
  end: number,
): AsyncGenerator<Line, void, undefined> {
  let pieces: Buffer[] = [];
  let nextOffset: number | null = null; // null until the torn end is passed
  for (let at = end; at > 0;) {
    const start = Math.max(0, at - blockBytes);
    const block = await readBlock(file, start, at - start);
    let stop = block.length;
    while (stop > 0) {
      const feed = block.lastIndexOf(lineFeed, stop - 1);
      pieces.unshift(block.subarray(feed + 1, stop));
      if (feed === -1) {
        break;
      }
      const offset = start + feed + 1;
      if (nextOffset !== null && nextOffset - 1 > offset) {
        yield toLine(offset, nextOffset, pieces);
      }
      nextOffset = offset;
      pieces = [];
      stop = feed;
    }
    at = start;
    if (nextOffset === null || nextOffset - at > maxLineBytes) {
      pieces = [];
    }
  }
  if (nextOffset !== null && nextOffset > 1) {
    yield toLine(0, nextOffset, pieces);
  }
}

/** Byte offsets in [from, to) where a line begins with `start`, in order; the file's first line is not looked at. */
export async function findLines(
  file: TraceBytes,
  start: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly number[]> {
  const marker = Buffer.from(`\n${start}`);
  const scanBytes = blockBytes * 16;
  const found: number[] = [];
  // Blocks overlap, so that a marker across two of them is seen whole in the second.
  for (let at = Math.max(0, from - 1); at < to; at += scanBytes) {
    const block = await readBlock(file, at, Math.min(scanBytes + marker.length - 1, to - at));
    for (let hit = block.indexOf(marker); hit !== -1; hit = block.indexOf(marker, hit + 1)) {
      found.push(at + hit + 1);
    }
  }
  return found;
}

/** Where the last whole line before `end` ends. */
export async function findWholeEnd(file: TraceBytes, end: number): Promise<number> {
  for (let at = end; at > 0;) {
    const start = Math.max(0, at - blockBytes);
    const feed = (await readBlock(file, start, at - start)).lastIndexOf(lineFeed);
    if (feed !== -1) {
      return start + feed + 1;
    }
    at = start;
  }
  return 0;
}

/** Up to `length` bytes; fewer only at the end of the file. */
async function readBlock(file: TraceBytes, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function toLine(offset: number, nextOffset: number, pieces: readonly Buffer[]): Line {
  const isWhole = nextOffset - offset <= maxLineBytes;
  const [only] = pieces;
  const bytes = pieces.length === 1 && only ? only : Buffer.concat(pieces);
  return { offset, nextOffset, bytes: isWhole ? bytes : null };
}
