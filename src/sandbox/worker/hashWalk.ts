// What one look at a value adds up, in either engine's memory: the running hashes, how much may still be looked at,
// and the parts that wait for their turn. Knows no layout.

import { BulkHash, addWord } from './bulkHash';

/** An item is one look, and so are this many bytes of text or numbers. */
export const bytesPerLook = 64;
const maxLooks = 1_000_000;
/** Of all that is looked at in one step. */
const maxStepLooks = 4_000_000;
/** Of each value within one that is too large, so that what waits is seen too. */
const leastShare = 64;
const firstQueue = 1_024;
const keptQueue = 65_536;
export const seed = 0x811c9dc5 | 0;

/** What goes in for a value with parts: one that is met again, with its number, and one that waits for its turn. */
interface WalkMarks {
  readonly again: number;
  readonly part: number;
}

export class HashWalk {
  readonly bulk = new BulkHash();
  readonly #marks: WalkMarks;
  /** The same for equal values in every process. */
  hash = seed;
  /** Tells also which objects these are. */
  identity = seed;
  /** How many looks there are left. */
  room = 0;
  isWhole = true;
  /** No longer once something was met that only the engine can tell of. */
  isKnown = true;
  #stepRoom = maxStepLooks;
  /** Addresses in the order in which they were met, as words. */
  #queue = new Int32Array(firstQueue);
  #queued = 0;
  /** Values that more than one place holds, with their numbers. */
  readonly #shared = new Map<number, number>();

  constructor(marks: WalkMarks) {
    this.#marks = marks;
  }

  beginStep(): void {
    this.#stepRoom = maxStepLooks;
  }

  /** This step has looked at too much. */
  get isSpent(): boolean {
    return this.#stepRoom <= 0;
  }

  begin(): void {
    this.hash = seed;
    this.identity = seed;
    this.room = maxLooks;
    this.isWhole = true;
    this.isKnown = true;
    this.#queued = 0;
  }

  end(): void {
    this.#stepRoom -= maxLooks - this.room;
    this.#shared.clear();
    if (this.#queue.length > keptQueue) {
      this.#queue = new Int32Array(firstQueue);
    }
  }

  mix(word: number): void {
    this.hash = addWord(this.hash, word);
  }

  identify(word: number): void {
    this.identity = addWord(this.identity, word);
  }

  /** A float that is no number has many forms. */
  mixFloat(low: number, high: number): void {
    const isNumber = (high & 0x7ff00000) !== 0x7ff00000 || ((high & 0xfffff) | low) === 0;
    this.hash = addWord(addWord(this.hash, isNumber ? low : 1), isNumber ? high : 0x7ff80000);
  }

  /** A value with parts waits for its turn. Only one that more than one place may hold can be met again. */
  addHolder(at: number, mayBeShared: boolean): void {
    if (mayBeShared || this.#queued === 0) {
      const known = this.#shared.get(at);
      if (known !== undefined) {
        this.hash = addWord(this.hash ^ this.#marks.again, known);
        return;
      }
      this.#shared.set(at, this.#queued);
    }
    this.mix(this.#marks.part);
    if (this.#queued === this.#queue.length) {
      const longer = new Int32Array(this.#queue.length * 2);
      longer.set(this.#queue);
      this.#queue = longer;
    }
    this.#queue[this.#queued] = at;
    this.#queued += 1;
  }

  /** Breadth first; each may take of its items at most its share of what is left. */
  followParts(addInside: (at: number, share: number) => void): void {
    for (let next = 0; next < this.#queued && this.isKnown; next += 1) {
      if (this.room <= 0) {
        this.isWhole = false;
        break;
      }
      const share = Math.max(leastShare, Math.floor(this.room / (this.#queued - next)));
      addInside(this.#queue[next] ?? 0, share);
    }
  }

  /** Whether so many bytes, or units of a text, may be looked at; else pieces of them may. Both are counted. */
  takeRun(length: number): boolean {
    const looks = Math.floor(length / bytesPerLook);
    const fits = looks <= this.room && length >= 0;
    this.isWhole &&= fits;
    this.room -= fits ? looks : leastShare;
    return fits;
  }
}
