// Positions in a text: the line they are on, and offsets in the unit that a language counts in.

import { cutText } from '../../base/text';
import type { GrepArgs } from '../../protocol/worker';

const lineChars = 500;

const blockChars = 65_536;

/** Line breaks before each block of a text, counted once and kept between searches. */
export class LineIndex {
  readonly #text: string;
  readonly #breaks: number[] = [0];
  /** Position of the last break before each block, -1 where there is none. */
  readonly #lastBreak: number[] = [-1];

  constructor(text: string) {
    this.#text = text;
  }

  /** The block that `position` lies in: where it starts, the breaks before it, and the last of them. */
  find(position: number): {
    readonly start: number;
    readonly breaks: number;
    readonly lastBreak: number;
  } {
    const block = Math.floor(position / blockChars);
    while (this.#breaks.length <= block) {
      this.#countNext();
    }
    return {
      start: block * blockChars,
      breaks: this.#breaks[block] ?? 0,
      lastBreak: this.#lastBreak[block] ?? -1,
    };
  }

  #countNext(): void {
    const block = this.#breaks.length - 1;
    // Within the block alone: a search for the next break could run to the end of the text.
    const part = this.#text.slice(block * blockChars, (block + 1) * blockChars);
    let breaks = this.#breaks[block] ?? 0;
    let last = this.#lastBreak[block] ?? -1;
    for (let at = part.indexOf('\n'); at !== -1; at = part.indexOf('\n', at + 1)) {
      breaks += 1;
      last = block * blockChars + at;
    }
    this.#breaks.push(breaks);
    this.#lastBreak.push(last);
  }
}

/** The line of ascending positions. */
export class LineCursor {
  readonly #text: string;
  readonly #index: LineIndex;
  #start = 0;
  #end: number;
  /** 1-based. */
  line = 1;

  constructor(text: string, index = new LineIndex(text)) {
    this.#text = text;
    this.#index = index;
    this.#end = text.indexOf('\n');
  }

  moveTo(position: number): void {
    if (this.#end !== -1 && this.#end < position - blockChars) {
      const { start, breaks, lastBreak } = this.#index.find(position);
      this.line = breaks + 1;
      this.#start = lastBreak + 1;
      this.#end = this.#text.indexOf('\n', start);
    }
    while (this.#end !== -1 && this.#end < position) {
      this.line += 1;
      this.#start = this.#end + 1;
      this.#end = this.#text.indexOf('\n', this.#start);
    }
  }

  /** Its first 500 characters. */
  get text(): string {
    const end = this.#end === -1 ? this.#text.length : this.#end;
    const start = this.#text.slice(this.#start, Math.min(end, this.#start + lineChars + 1));
    return cutText(start, lineChars).text;
  }
}

/** Turns ascending UTF-16 offsets into the wanted unit, counting each part of the text once. */
export function createOffsets(text: string, unit: GrepArgs['unit']): (offset: number) => number {
  if (unit === 'utf16' || !/[\ud800-\udbff]/.test(text)) {
    return (offset) => offset;
  }
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
