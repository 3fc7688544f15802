// Objects of the interpreter that only the runner may change, as they were when it began: what they hold is
// compared in its memory, where no code of a session runs.

import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';

export interface WatchedObject {
  /** Whether it holds what it held. */
  isSame(memory: MemoryViews): boolean;
}

/** Words from the beginning of an object, each at its place. */
export class WatchedWords implements WatchedObject {
  readonly #places: readonly number[];
  readonly #known: readonly number[];

  constructor(memory: MemoryViews, address: number, words: readonly number[]) {
    this.#places = words.map((word) => (address >>> 2) + word);
    this.#known = this.#places.map((at) => memory.words[at] ?? 0);
  }

  isSame({ words }: MemoryViews): boolean {
    for (let number = 0; number < this.#places.length; number += 1) {
      if (words[this.#places[number] ?? 0] !== this.#known[number]) {
        return false;
      }
    }
    return true;
  }
}

/** The items of a list, in order. */
export class WatchedList implements WatchedObject {
  readonly #at: number;
  readonly #items: Int32Array;

  constructor(memory: MemoryViews, address: number) {
    this.#at = address >>> 2;
    this.#items = this.#read(memory).slice();
  }

  isSame(memory: MemoryViews): boolean {
    const items = this.#read(memory);
    return (
      items.length === this.#items.length && items.every((item, at) => item === this.#items[at])
    );
  }

  #read({ words }: MemoryViews): Int32Array {
    const start = (words[this.#at + layout.list.items] ?? 0) >>> 2;
    return words.subarray(start, start + (words[this.#at + layout.list.length] ?? 0));
  }
}

/**
 * What a dict holds by its keys: all of it, or, given another dict that says what is kept, that much of it. The
 * interpreter counts the changes of each dict, so that one that was not changed is told by a few words.
 */
export class WatchedDict implements WatchedObject {
  readonly #at: number;
  readonly #kept: ReadonlyMap<number, number>;
  readonly #isWhole: boolean;
  readonly #state = new Int32Array(layout.stateOfDict.end - layout.stateOfDict.begin);

  constructor(memory: MemoryViews, address: number, kept?: number) {
    this.#at = address >>> 2;
    this.#isWhole = kept === undefined;
    const entries = new Map<number, number>();
    eachEntry(memory, (kept ?? address) >>> 2, (key, value) => void entries.set(key, value));
    this.#kept = entries;
  }

  isSame(memory: MemoryViews): boolean {
    const { begin, end } = layout.stateOfDict;
    const { words } = memory;
    let isSame = true;
    for (let at = begin; at < end && isSame; at += 1) {
      isSame = words[this.#at + at] === this.#state[at - begin];
    }
    if (!isSame) {
      isSame = this.#holdsAll(memory);
      if (isSame) {
        this.#state.set(words.subarray(this.#at + begin, this.#at + end));
      }
    }
    return isSame;
  }

  #holdsAll(memory: MemoryViews): boolean {
    let found = 0;
    eachEntry(memory, this.#at, (key, value) => {
      found += this.#kept.get(key) === value ? 1 : 0;
    });
    const used = memory.words[this.#at + layout.dict.used];
    return found === this.#kept.size && (!this.#isWhole || used === this.#kept.size);
  }
}

function eachEntry(
  { words }: MemoryViews,
  dict: number,
  take: (key: number, value: number) => void,
): void {
  const keys = (words[dict + layout.dict.keys] ?? 0) >>> 2;
  const sizes = words[keys + layout.keys.sizes] ?? 0;
  const width = ((sizes >>> 16) & 0xff) === layout.keys.general ? 3 : 2;
  const first = keys + layout.keys.indices + (1 << Math.min((sizes >>> 8) & 0xff, 29)) / 4;
  const end = first + (words[keys + layout.keys.entries] ?? 0) * width;
  for (let at = first + width - 2; at < end; at += width) {
    const value = words[at + 1] ?? 0;
    if (value !== 0) {
      take(words[at] ?? 0, value);
    }
  }
}
