// Adds what a guest's value itself is to a hash: numbers, texts, symbols. An object waits for its turn.

import { bigint, floatAddend, tags } from './guestLayout';
import type { HashWalk } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import type { ValueTexts } from './valueTexts';

/** What goes in before what is no small integer. */
const marks = { none: 1, number: 2, text: 3, symbol: 19 };

interface LeafParts {
  readonly memory: MemoryViews;
  readonly walk: HashWalk;
  readonly texts: ValueTexts;
}

export class ValueLeaves {
  readonly #memory: MemoryViews;
  readonly #walk: HashWalk;
  readonly #texts: ValueTexts;
  readonly #float = new Float64Array(1);
  readonly #floatWords = new Int32Array(this.#float.buffer);

  constructor({ memory, walk, texts }: LeafParts) {
    this.#memory = memory;
    this.#walk = walk;
    this.#texts = texts;
  }

  /** The value that lies at a word. */
  addAt(at: number): void {
    const { words } = this.#memory;
    this.add(words[at] ?? 0, words[at + 1] ?? 0);
  }

  add(payload: number, tag: number): void {
    const walk = this.#walk;
    walk.room -= 1;
    switch (tag) {
      case tags.int:
        walk.mix(payload);
        return;
      case tags.object:
        walk.addHolder(payload >>> 2, (this.#memory.words[payload >>> 2] ?? 0) > 1);
        return;
      case tags.string:
        walk.mix(marks.text);
        walk.mix(this.#texts.hashText(payload >>> 2));
        return;
      case tags.rope:
        walk.mix(marks.text);
        walk.mix(this.#texts.hashRope(payload >>> 2));
        return;
      case tags.symbol:
        walk.mix(marks.symbol);
        walk.mix(this.#texts.hashText(payload >>> 2));
        walk.identify(payload);
        return;
      case tags.bigint:
        this.#addBigint(payload >>> 2);
        return;
      case tags.shortBigint:
        walk.mix(1 - tags.bigint);
        walk.mix(payload);
        return;
      default:
        if (tag > tags.int && tag <= tags.shortBigint) {
          walk.mix(marks.none - tag * 0x10001);
          walk.mix(payload);
        } else {
          this.#addFloat(payload, (tag + floatAddend) | 0);
        }
    }
  }

  /** Whole numbers are the same in both of their forms. */
  #addFloat(low: number, high: number): void {
    this.#floatWords[0] = low;
    this.#floatWords[1] = high;
    const number = this.#float[0] ?? 0;
    if ((number | 0) === number && !Object.is(number, -0)) {
      this.#walk.mix(number);
      return;
    }
    this.#walk.hash ^= marks.number;
    this.#walk.mixFloat(low, high);
  }

  #addBigint(at: number): void {
    const { words } = this.#memory;
    const limbs = words[at + bigint.length] ?? 0;
    this.#walk.mix(limbs - tags.bigint);
    for (let limb = 0; limb < limbs; limb += 1) {
      this.#walk.mix(words[at + bigint.limbs + limb] ?? 0);
    }
    this.#walk.room -= limbs >>> 4;
  }
}
