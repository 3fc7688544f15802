// Adds what a Python value without parts is to a hash: numbers, texts, bytes, dates.

import { hashAligned } from './bulkHash';
import { type HashWalk, bytesPerLook } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';
import type { Leaf } from './pythonTypes';

const maxDigits = 1_000_000;
/** What goes in for a loaded text, with its number: its content is the record's. */
const loadedMark = 0x10ad0000;
/** What goes in before a value that is no small integer: no word that one of those is. */
const marks = {
  bool: 0x5b020000,
  bytes: 0x5b030000,
  complex: 0x5b040000,
  date: 0x5b050000,
  datetime: 0x5b060000,
  float: 0x5b070000,
  none: 0x5b090000,
  str: 0x5b0c0000,
  timedelta: 0x5b0d0000,
} as const;

export class PythonLeaves {
  readonly #memory: MemoryViews;
  readonly #walk: HashWalk;
  /** Numbers of the loaded texts by the address of their characters: they stay, and no code changes them. */
  readonly #loaded = new Map<number, number>();

  constructor(memory: MemoryViews, walk: HashWalk) {
    this.#memory = memory;
    this.#walk = walk;
  }

  /** What holds the text whose characters begin there need not be looked into, whatever its length. */
  addLoaded(address: number): void {
    this.#loaded.set(address, this.#loaded.size);
  }

  add(at: number, kind: Leaf): void {
    const memory = this.#memory;
    const walk = this.#walk;
    switch (kind) {
      case 'int':
        this.#addInt(at);
        return;
      case 'str':
        walk.mix(marks.str);
        walk.mix(this.#hashText(at));
        return;
      case 'float':
        walk.mix(marks.float);
        this.#addFloat(at + 2);
        return;
      case 'complex':
        walk.mix(marks.complex);
        this.#addFloat(at + 2);
        this.#addFloat(at + 4);
        return;
      case 'bytes': {
        const length = memory.word(at + layout.bytes.length);
        walk.mix(marks.bytes);
        walk.mix(this.#hashRun((at + layout.bytes.data) * 4, length));
        return;
      }
      case 'bool':
        walk.mix(marks.bool + memory.word(at + layout.int.tag));
        return;
      case 'timedelta':
        walk.mix(marks.timedelta);
        [3, 4, 5].forEach((word) => walk.mix(memory.word(at + word)));
        return;
      case 'date':
      case 'datetime': {
        const { zoneByte, first } = layout.date;
        walk.isKnown &&= (memory.bytes[at * 4 + zoneByte] ?? 0) === 0;
        walk.mix(marks[kind]);
        walk.mix(this.#hashRun(at * 4 + first, kind === 'date' ? 4 : 11));
        return;
      }
      case 'none':
        walk.mix(marks.none);
    }
  }

  #addInt(at: number): void {
    const { halves } = this.#memory;
    const walk = this.#walk;
    const tag = this.#memory.word(at + layout.int.tag);
    const digits = tag >>> 3;
    let half = (at + layout.int.digits) * 2;
    if (digits === 1) {
      const digit = halves[half] ?? 0;
      walk.mix((tag & 3) === 2 ? -digit : digit);
      return;
    }
    const kept = Math.min(digits, maxDigits);
    walk.isWhole &&= kept === digits;
    walk.room -= kept >>> 5;
    walk.mix(tag ^ 0x5a5a0000);
    for (const end = half + kept; half < end; half += 1) {
      walk.mix(halves[half] ?? 0);
    }
  }

  #addFloat(at: number): void {
    this.#walk.mixFloat(this.#memory.word(at), this.#memory.word(at + 1));
  }

  #hashText(at: number): number {
    const { length, state, ascii, other, kindShift, compact, isAscii } = layout.text;
    const bits = this.#memory.word(at + state);
    this.#walk.isKnown &&= (bits & compact) !== 0;
    const kind = (bits >>> kindShift) & 7;
    const start = (at + ((bits & isAscii) !== 0 ? ascii : other)) * 4;
    const bytes = this.#memory.word(at + length) * kind;
    if (bytes >= 0 && bytes < bytesPerLook) {
      return hashAligned(this.#memory.words, start, bytes) + kind;
    }
    const number = this.#loaded.get(start >>> 0);
    return number === undefined ? this.#hashRun(start, bytes) + kind : loadedMark + number;
  }

  #hashRun(start: number, length: number): number {
    const run = { units: this.#memory.bytes, start, length };
    const { bulk } = this.#walk;
    return this.#walk.takeRun(length) ? bulk.hashBytes(run) : bulk.hashPieces(run);
  }
}
