// Hashes of a guest's texts where they lie: flat, a part of another, or in parts that were put together.

import { type Run, hashAligned } from './bulkHash';
import { rope, string, tags } from './guestLayout';
import { type HashWalk, bytesPerLook } from './hashWalk';
import type { MemoryViews } from './memoryViews';

type Text = Run<Uint8Array | Uint16Array>;

/** What goes into a hash for a loaded text, with its number: its content is the record's. */
const loadedMark = 0x10ad0000;

export class ValueTexts {
  readonly #memory: MemoryViews;
  readonly #walk: HashWalk;
  /** Numbers of the loaded texts by address: they stay, and no code changes them. */
  readonly #loaded = new Map<number, number>();

  constructor(memory: MemoryViews, walk: HashWalk) {
    this.#memory = memory;
    this.#walk = walk;
  }

  /** The text at this address has been loaded; what holds it need not be looked into, whatever its length. */
  addLoaded(address: number): void {
    this.#loaded.set(address, this.#loaded.size);
  }

  hashText(at: number): number {
    const { words } = this.#memory;
    const size = words[at + string.size] ?? 0;
    const isFlat = (((words[at + string.flags] ?? 0) >>> 28) & 3) === 0;
    return size >= 0 && size < bytesPerLook && isFlat
      ? hashAligned(words, (at + string.characters) * 4, size)
      : this.#hashLong(at);
  }

  /** As of the flat text that it becomes when the code reads it. */
  hashRope(at: number): number {
    const length = this.#memory.words[at + rope.length] ?? 0;
    return this.#walk.takeRun(length)
      ? this.#walk.bulk.hashText(this.#flatten(at, length))
      : this.#walk.bulk.hashPiecesOf(length, (start, count) => this.#readRope(at, start, count));
  }

  /** The address of a text's first character. */
  charactersOf(at: number): number {
    const { words } = this.#memory;
    const first = at + string.characters;
    switch (((words[at + string.flags] ?? 0) >>> 28) & 3) {
      case string.isPart:
        return this.charactersOf((words[first] ?? 0) >>> 2) + (words[at + string.offset] ?? 0);
      case string.isApart:
        return (words[first] ?? 0) >>> 0;
      default:
        return first * 4;
    }
  }

  #hashLong(at: number): number {
    const number = this.#loaded.get((at * 4) >>> 0);
    if (number !== undefined) {
      return loadedMark + number;
    }
    const text = this.#locate(at);
    const { bulk } = this.#walk;
    return this.#walk.takeRun(text.length) ? bulk.hashText(text) : bulk.hashPieces(text);
  }

  #flatten(at: number, length: number): Text {
    const { words } = this.#memory;
    const isWide = ((words[at + rope.flags] ?? 0) & 1) !== 0;
    const flat = new Int32Array((length >>> (isWide ? 1 : 2)) + 1);
    const units = isWide ? new Uint16Array(flat.buffer) : new Uint8Array(flat.buffer);
    const waiting: number[] = [at];
    let end = 0;
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      // A rope is told from a string by the tag of the value that holds it: kept as the sign here.
      if (part === at || part < 0) {
        for (const side of [rope.right, rope.left]) {
          const value = Math.abs(part) + side;
          const address = (words[value] ?? 0) >>> 2;
          waiting.push(words[value + 1] === tags.rope ? -address : address);
        }
        continue;
      }
      const text = this.#locate(part);
      units.set(text.units.subarray(text.start, text.start + text.length), end);
      end += text.length;
    }
    return { units, start: 0, length };
  }

  /** Units of a rope that may be too long for a copy of all of it. */
  #readRope(at: number, start: number, length: number): Text {
    const { words } = this.#memory;
    const units = new Uint16Array(length);
    const waiting = [{ at, isRope: true, from: 0 }];
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      const size = this.#lengthOf(part.at, part.isRope);
      if (part.from + size <= start || part.from >= start + length) {
        continue;
      }
      if (part.isRope) {
        let { from } = part;
        for (const side of [rope.left, rope.right]) {
          const place = (words[part.at + side] ?? 0) >>> 2;
          const isRope = words[part.at + side + 1] === tags.rope;
          waiting.push({ at: place, isRope, from });
          from += this.#lengthOf(place, isRope);
        }
        continue;
      }
      const text = this.#locate(part.at);
      const first = Math.max(start - part.from, 0);
      const end = Math.min(start + length - part.from, size);
      units.set(
        text.units.subarray(text.start + first, text.start + end),
        part.from + first - start,
      );
    }
    return { units, start: 0, length };
  }

  #lengthOf(at: number, isRope: boolean): number {
    const { words } = this.#memory;
    return isRope ? (words[at + rope.length] ?? 0) : (words[at + string.size] ?? 0) & 0x7fffffff;
  }

  #locate(at: number): Text {
    const { words, halves, bytes } = this.#memory;
    const size = words[at + string.size] ?? 0;
    const start = this.charactersOf(at);
    const length = size & 0x7fffffff;
    return size < 0
      ? { units: halves, start: start >>> 1, length }
      : { units: bytes, start, length };
  }
}
