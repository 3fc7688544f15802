// Positions in a text: the line they are on, and offsets in the unit that a language counts in. A line ends
// with \n, with \r\n, or with a \r alone.

import type { GrepArgs } from '../../protocol/worker';

/** So that a position within a block fits 16 bits. */
const blockChars = 65_536;

interface Block {
  /** Line breaks that end before the block. */
  readonly breaks: number;
  /** Positions of its own line breaks' last characters within the block, ascending: two bytes a line. */
  readonly positions: Uint16Array;
}

/** What searches need to know of a text, found out once and kept between them. */
export class TextIndex {
  readonly text: string;
  readonly #blocks: Block[] = [];
  #hasPairs: boolean | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether some of its characters take two UTF-16 units. */
  get hasPairs(): boolean {
    return (this.#hasPairs ??= /[\ud800-\udbff]/.test(this.text));
  }

  /** The number, from 1, of the line that `position` lies on, its break included. */
  findLine(position: number): number {
    const blockStart = position - (position % blockChars);
    const { breaks, positions } = this.#getBlock(blockStart / blockChars);
    return breaks + countBelow(positions, position - blockStart) + 1;
  }

  #getBlock(number: number): Block {
    for (let next = this.#blocks.length; next <= number; next += 1) {
      const before = this.#blocks[next - 1];
      const start = next * blockChars;
      const block = this.text.slice(start, start + blockChars);
      this.#blocks.push({
        breaks: before ? before.breaks + before.positions.length : 0,
        positions: findBreaks(block, this.text.charCodeAt(start + blockChars)),
      });
    }
    // The loop has filled it.
    return this.#blocks[number] ?? { breaks: 0, positions: new Uint16Array() };
  }
}

const newline = 0x0a;

/** In a block alone: a search for the next break could run to the end of a text. */
function findBreaks(block: string, unitBehind: number): Uint16Array {
  const positions: number[] = [];
  if (!block.includes('\r')) {
    for (let at = block.indexOf('\n'); at !== -1; at = block.indexOf('\n', at + 1)) {
      positions.push(at);
    }
    return Uint16Array.from(positions);
  }
  for (let at = 0; at < block.length; at += 1) {
    const unit = block.charCodeAt(at);
    if (unit === newline) {
      positions.push(at);
    } else if (unit === 0x0d) {
      const next = at + 1 < block.length ? block.charCodeAt(at + 1) : unitBehind;
      if (next !== newline) {
        positions.push(at);
      }
    }
  }
  return Uint16Array.from(positions);
}

/** Where the last line break of `text` ends that ends at or before `limit` and after `start`; -1: none. */
export function findLastBreak(text: string, start: number, limit: number): number {
  const part = text.slice(start, limit);
  const afterNewline = part.lastIndexOf('\n') + 1;
  const isCut = part.endsWith('\r') && text.charCodeAt(limit) === newline;
  const afterReturn = (isCut ? part.slice(0, -1) : part).lastIndexOf('\r') + 1;
  const found = Math.max(afterNewline, afterReturn);
  return found === 0 ? -1 : start + found;
}

/** How many of the ascending numbers are smaller. */
function countBelow(ascending: Uint16Array, limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Turns ascending UTF-16 offsets into the wanted unit, counting each part of the text once. */
export function createOffsets(
  index: TextIndex,
  unit: GrepArgs['unit'],
): (offset: number) => number {
  if (unit === 'utf16' || !index.hasPairs) {
    return (offset) => offset;
  }
  const { text } = index;
  let counted = 0;
  let pairs = 0;
  return (offset) => {
    for (; counted < offset; counted += 1) {
      if (splitsPair(text, counted + 1)) {
        pairs += 1;
      }
    }
    return offset - pairs;
  };
}

/** Where to look on after an empty match. */
export function nextIndex(text: string, at: number, byCodePoint: boolean): number {
  return byCodePoint && splitsPair(text, at + 1) ? at + 2 : at + 1;
}

/** Whether `at` lies between the two halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  const low = text.charCodeAt(at);
  if (!(low >= 0xdc00 && low <= 0xdfff)) {
    return false;
  }
  const high = text.charCodeAt(at - 1);
  return high >= 0xd800 && high <= 0xdbff;
}
