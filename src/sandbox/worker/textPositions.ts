// Positions in a text: the line they are on, and offsets in the unit that a language counts in.

import { cutText } from '../../base/text';
import type { GrepArgs } from '../../protocol/worker';

const lineChars = 500;

/** The line of ascending positions. */
export class LineCursor {
  readonly #text: string;
  #start = 0;
  #end: number;
  /** 1-based. */
  line = 1;

  constructor(text: string) {
    this.#text = text;
    this.#end = text.indexOf('\n');
  }

  moveTo(position: number): void {
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
