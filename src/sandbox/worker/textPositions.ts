// Positions in a text: the line they are on, and offsets in the unit that a language counts in.

import type { GrepArgs } from '../../protocol/worker';

/** So that a position within a block fits 16 bits. */
const blockChars = 65_536;

interface Block {
  /** Line breaks before the block. */
  readonly breaks: number;
  /** Where the line begins that reaches into the block. */
  readonly lineStart: number;
  /** Positions of its own line breaks within the block, ascending: two bytes a line. */
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

  /** The line that `position` lies on, its break included: its number from 1, and where it begins. */
  findLine(position: number): { readonly line: number; readonly start: number } {
    const blockStart = position - (position % blockChars);
    const { breaks, lineStart, positions } = this.#getBlock(blockStart / blockChars);
    const before = countBelow(positions, position - blockStart);
    const last = positions[before - 1];
    return {
      line: breaks + before + 1,
      start: last === undefined ? lineStart : blockStart + last + 1,
    };
  }

  #getBlock(number: number): Block {
    for (let next = this.#blocks.length; next <= number; next += 1) {
      const before = this.#blocks[next - 1];
      const lastBreak = before?.positions.at(-1);
      this.#blocks.push({
        breaks: before ? before.breaks + before.positions.length : 0,
        lineStart:
          lastBreak === undefined
            ? (before?.lineStart ?? 0)
            : (next - 1) * blockChars + lastBreak + 1,
        positions: findBreaks(this.text.slice(next * blockChars, (next + 1) * blockChars)),
      });
    }
    // The loop has filled it.
    return this.#blocks[number] ?? { breaks: 0, lineStart: 0, positions: new Uint16Array() };
  }
}

/** In a block alone: a search for the next break could run to the end of a text. */
function findBreaks(block: string): Uint16Array {
  const positions: number[] = [];
  for (let at = block.indexOf('\n'); at !== -1; at = block.indexOf('\n', at + 1)) {
    positions.push(at);
  }
  return Uint16Array.from(positions);
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
