// What a guest's value holds, as hashes, read out of the guest's memory: no code of the session runs, nothing
// is made in the guest, and an item costs nanoseconds. Breadth first; a look is whole up to `maxLooks`, beyond
// that it takes in evenly spaced places and says so. Long: one walk over one layout.

import { BulkHash, type Run, addWord, finish, hashAligned } from './bulkHash';
import type { ValuePointer } from './flatStrings';
import * as layout from './guestLayout';

const { classes, tags } = layout;
/** An item is one look, and so are this many bytes of text or numbers. */
const bytesPerLook = 64;
const maxLooks = 1_000_000;
/** Of all that is looked at in one step. */
const maxStepLooks = 4_000_000;
/** Of each value within one that is too large, so that what waits is seen too. */
const leastShare = 64;
/** What goes into a hash for what has no content in memory. */
const marks = {
  none: 1,
  number: 2,
  text: 3,
  object: 5,
  again: 7,
  accessor: 11,
  late: 13,
  callable: 17,
  symbol: 19,
};
const seed = 0x811c9dc5 | 0;

type Text = Run<Uint8Array | Uint16Array>;

interface ShapeNames {
  readonly hash: number;
  /** All are enumerable and have values. */
  readonly isPlain: boolean;
}

interface Look {
  /** 32 bits, the same for equal values in every process; null for what has no content of its own. */
  readonly content: number | null;
  /** Tells also which objects these are: only for comparisons in this process. */
  readonly fingerprint: number;
  readonly isWhole: boolean;
  /** It holds a generator, an iterator or a weak collection, of which nothing is seen. */
  readonly isRestless: boolean;
}

export class ValueHash {
  readonly #memory: { readonly buffer: ArrayBuffer };
  readonly #runtime: number;
  readonly #bulk = new BulkHash();
  #words = new Int32Array();
  #halves = new Uint16Array();
  #bytes = new Uint8Array();
  readonly #float = new Float64Array(1);
  readonly #floatWords = new Int32Array(this.#float.buffer);
  /** Addresses of objects in the order in which they were met, as words. */
  #queue = new Int32Array(1_024);
  #queued = 0;
  /** Objects that more than one place holds, with their numbers. */
  readonly #shared = new Map<number, number>();
  readonly #shapes = new Map<number, ShapeNames>();
  readonly #text: Text = { units: this.#bytes, start: 0, length: 0 };
  #hash = seed;
  #identity = seed;
  #room = 0;
  #stepRoom = maxStepLooks;
  /** By address: what lives while a step's variables are compared. */
  readonly #looks = new Map<number, Look>();
  #isWhole = true;
  #isRestless = false;
  #stackAtom = 0;

  /** `runtime` is the address of the engine's. */
  constructor(memory: { readonly buffer: ArrayBuffer }, runtime: number) {
    this.#memory = memory;
    this.#runtime = runtime >>> 2;
  }

  /** What was looked at before may have changed, and there is room for more looks. */
  beginStep(): void {
    this.#looks.clear();
    this.#stepRoom = maxStepLooks;
  }

  /** Null where this step has looked at too much. Each value is looked at once in a step. */
  look(value: ValuePointer): Look | null {
    this.#begin();
    const payload = this.#words[value >>> 2] ?? 0;
    const tag = this.#words[(value >>> 2) + 1] ?? 0;
    const isHeld = tag === tags.object || tag === tags.string || tag === tags.rope;
    const known = isHeld ? this.#looks.get(payload) : undefined;
    if (known !== undefined || this.#stepRoom <= 0) {
      return known ?? null;
    }
    const look = this.#walk(payload, tag);
    this.#stepRoom -= maxLooks - this.#room;
    if (isHeld) {
      this.#looks.set(payload, look);
    }
    this.#end();
    return look;
  }

  #walk(payload: number, tag: number): Look {
    this.#add(payload, tag);
    for (let next = 0; next < this.#queued; next += 1) {
      if (this.#room <= 0) {
        this.#isWhole = false;
        break;
      }
      const share = Math.max(leastShare, Math.floor(this.#room / (this.#queued - next)));
      this.#addInside(this.#queue[next] ?? 0, share);
    }
    const isBare =
      tag === tags.symbol || (tag === tags.object && isCallable(this.#classOf(payload >>> 2)));
    const hash = finish(this.#hash) >>> 0;
    return {
      content: isBare ? null : hash,
      fingerprint: (finish(this.#identity) >>> 11) * 2 ** 32 + hash,
      isWhole: this.#isWhole,
      isRestless: this.#isRestless,
    };
  }

  #begin(): void {
    const { buffer } = this.#memory;
    if (this.#words.buffer !== buffer) {
      this.#words = new Int32Array(buffer);
      this.#halves = new Uint16Array(buffer);
      this.#bytes = new Uint8Array(buffer);
    }
    this.#hash = seed;
    this.#identity = seed;
    this.#room = maxLooks;
    this.#isWhole = true;
    this.#isRestless = false;
    this.#queued = 0;
  }

  #end(): void {
    this.#shared.clear();
    this.#shapes.clear();
    if (this.#queue.length > 65_536) {
      this.#queue = new Int32Array(1_024);
    }
  }

  #mix(word: number): void {
    this.#hash = addWord(this.#hash, word);
  }

  /** Adds what a value without parts is; one with parts waits for its turn. */
  #add(payload: number, tag: number): void {
    this.#room -= 1;
    switch (tag) {
      case tags.int:
        this.#hash = addWord(this.#hash, payload);
        return;
      case tags.object:
        this.#addObject(payload >>> 2);
        return;
      case tags.string:
        this.#mix(marks.text);
        this.#mix(this.#hashText(payload >>> 2));
        return;
      case tags.rope:
        this.#mix(marks.text);
        this.#mix(this.#hashRope(payload >>> 2));
        return;
      case tags.symbol:
        this.#mix(marks.symbol);
        this.#mix(this.#hashText(payload >>> 2));
        this.#identity = addWord(this.#identity, payload);
        return;
      case tags.bigint:
        this.#addBigint(payload >>> 2);
        return;
      case tags.shortBigint:
        this.#mix(1 - tags.bigint);
        this.#mix(payload);
        return;
      default:
        if (tag > tags.int && tag <= tags.shortBigint) {
          this.#mix(marks.none - tag * 0x10001);
          this.#mix(payload);
        } else {
          this.#addFloat(payload, (tag + layout.floatAddend) | 0);
        }
    }
  }

  /** Whole numbers are the same in both of their forms; a float that is no number has many. */
  #addFloat(low: number, high: number): void {
    this.#floatWords[0] = low;
    this.#floatWords[1] = high;
    const number = this.#float[0] ?? 0;
    if ((number | 0) === number && !Object.is(number, -0)) {
      this.#hash = addWord(this.#hash, number);
      return;
    }
    const isNumber = number === number;
    this.#hash = addWord(
      addWord(this.#hash ^ marks.number, isNumber ? low : 1),
      isNumber ? high : 0x7ff80000,
    );
  }

  #addBigint(at: number): void {
    const limbs = this.#words[at + layout.bigint.length] ?? 0;
    this.#mix(limbs - tags.bigint);
    for (let limb = 0; limb < limbs; limb += 1) {
      this.#mix(this.#words[at + layout.bigint.limbs + limb] ?? 0);
    }
    this.#room -= limbs >>> 4;
  }

  /** Only an object that more than one place holds can be met again. */
  #addObject(at: number): void {
    if ((this.#words[at] ?? 0) > 1 || this.#queued === 0) {
      const known = this.#shared.get(at);
      if (known !== undefined) {
        this.#hash = addWord(this.#hash ^ marks.again, known);
        return;
      }
      this.#shared.set(at, this.#queued);
    }
    this.#hash = addWord(this.#hash, marks.object);
    if (this.#queued === this.#queue.length) {
      const longer = new Int32Array(this.#queue.length * 2);
      longer.set(this.#queue);
      this.#queue = longer;
    }
    this.#queue[this.#queued] = at;
    this.#queued += 1;
  }

  #classOf(at: number): number {
    return (this.#words[at + layout.object.header] ?? 0) >>> 16;
  }

  /** Adds what an object is made of; of its items at most `share`. */
  #addInside(at: number, share: number): void {
    const words = this.#words;
    this.#identity = addWord(this.#identity, at);
    const kind = this.#classOf(at);
    const own = at + layout.object.own;
    this.#mix(kind);
    this.#isRestless ||= isRestless(kind);
    if (kind >= classes.firstTypedArray && kind < classes.dataView) {
      const size = layout.bytesPerItem[kind - classes.firstTypedArray] ?? 1;
      const start = (words[at + layout.fastArray.values] ?? 0) >>> 0;
      const count = words[at + layout.fastArray.count] ?? 0;
      this.#addBytes(start, count * size, kind === classes.float64Array);
    } else if (kind === classes.array || kind === classes.arguments) {
      const start = (words[at + layout.fastArray.values] ?? 0) >>> 2;
      this.#addRun(start, words[at + layout.fastArray.count] ?? 0, share);
    } else if (kind === classes.mappedArguments) {
      this.#addReferences(at, share);
    } else if (kind === classes.map || kind === classes.set) {
      this.#addRecords((words[own] ?? 0) >>> 2, kind === classes.map, share);
    } else if (
      kind === classes.date ||
      (kind >= classes.number && kind <= classes.symbol) ||
      kind === classes.bigint
    ) {
      this.#add(words[own] ?? 0, words[own + 1] ?? 0);
    } else if (kind === classes.arrayBuffer || kind === classes.sharedArrayBuffer) {
      const buffer = (words[own] ?? 0) >>> 2;
      this.#addBytes(
        (words[buffer + layout.buffer.data] ?? 0) >>> 0,
        words[buffer + layout.buffer.byteLength] ?? 0,
        false,
      );
    } else if (kind === classes.dataView) {
      this.#addView((words[own] ?? 0) >>> 2);
    } else if (kind === classes.regExp) {
      const code = this.#charactersOf((words[own + 1] ?? 0) >>> 2);
      this.#mix(this.#hashText((words[own] ?? 0) >>> 2));
      this.#mix(this.#bytes[code] ?? 0); // its flags
      this.#mix(this.#bytes[code + 1] ?? 0);
    } else if (kind === classes.promise) {
      const state = (words[own] ?? 0) >>> 2;
      this.#mix(words[state + layout.promise.state] ?? 0);
      this.#addAt(state + layout.promise.result);
    } else if (kind === classes.boundFunction) {
      this.#addBound((words[own] ?? 0) >>> 2, share);
    } else if (kind === classes.proxy) {
      const target = (words[own] ?? 0) >>> 2;
      this.#add(words[target] ?? 0, words[target + 1] ?? 0);
    } else if (isCallable(kind)) {
      this.#mix(marks.callable);
      this.#identity = addWord(addWord(this.#identity, words[own] ?? 0), words[own + 1] ?? 0);
    }
    this.#addProperties(at, share, isCallable(kind));
  }

  #addAt(value: number): void {
    this.#add(this.#words[value] ?? 0, this.#words[value + 1] ?? 0);
  }

  #addBound(held: number, share: number): void {
    this.#mix(marks.callable);
    this.#addAt(held + layout.bound.called);
    this.#addAt(held + layout.bound.self);
    this.#addRun(held + layout.bound.arguments, this.#words[held + layout.bound.count] ?? 0, share);
  }

  /** Values that lie one after another. */
  #addRun(start: number, count: number, share: number): void {
    this.#mix(count);
    const words = this.#words;
    if (count <= share) {
      for (let at = start; at < start + count * 2; at += 2) {
        this.#add(words[at] ?? 0, words[at + 1] ?? 0);
      }
      return;
    }
    this.#isWhole = false;
    for (let item = 0; item < share; item += 1) {
      const at = start + Math.floor((item * (count - 1)) / (share - 1)) * 2;
      this.#add(words[at] ?? 0, words[at + 1] ?? 0);
    }
  }

  /** Values of parameters, each where its name has it. */
  #addReferences(object: number, share: number): void {
    const words = this.#words;
    const isFast = ((words[object + layout.object.header] ?? 0) & layout.object.fastArray) !== 0;
    const count = isFast ? (words[object + layout.fastArray.count] ?? 0) : 0;
    const start = (words[object + layout.fastArray.values] ?? 0) >>> 2;
    this.#mix(count);
    this.#isWhole &&= count <= share;
    for (let item = 0; item < Math.min(count, share); item += 1) {
      this.#addProperty(start + item, layout.property.reference);
    }
  }

  #addRecords(state: number, hasValues: boolean, share: number): void {
    const words = this.#words;
    const { key, value, next, isEmpty } = layout.record;
    const count = words[state + layout.map.count] ?? 0;
    this.#mix(count);
    this.#isWhole &&= count <= share;
    const stride = Math.ceil(count / share);
    const head = state + layout.map.records;
    let number = 0;
    for (
      let at = (words[head + next] ?? 0) >>> 2;
      at !== head;
      at = (words[at + next] ?? 0) >>> 2
    ) {
      if (((words[at + isEmpty] ?? 0) & 0xff) !== 0 || number++ % stride !== 0) {
        continue;
      }
      this.#add(words[at + key] ?? 0, words[at + key + 1] ?? 0);
      if (hasValues) {
        this.#add(words[at + value] ?? 0, words[at + value + 1] ?? 0);
      }
    }
  }

  #addView(view: number): void {
    const words = this.#words;
    const buffer =
      (words[((words[view + layout.view.buffer] ?? 0) >>> 2) + layout.object.own] ?? 0) >>> 2;
    const all = words[buffer + layout.buffer.byteLength] ?? 0;
    const offset = Math.min(words[view + layout.view.offset] ?? 0, all);
    const tracks = ((words[view + layout.view.tracks] ?? 0) & 0xff) !== 0;
    const length = tracks
      ? all - offset
      : Math.min(words[view + layout.view.byteLength] ?? 0, all - offset);
    this.#addBytes(((words[buffer + layout.buffer.data] ?? 0) >>> 0) + offset, length, false);
  }

  #addBytes(start: number, length: number, areFloats: boolean): void {
    const run = { units: this.#bytes, start, length };
    const looks = Math.floor(length / bytesPerLook);
    this.#mix(length);
    if (looks > this.#room) {
      this.#isWhole = false;
      this.#room -= leastShare;
      this.#mix(this.#bulk.hashPieces(run));
    } else {
      this.#room -= looks;
      this.#mix(areFloats ? this.#bulk.hashFloats(run) : this.#bulk.hashBytes(run));
    }
  }

  #addProperties(at: number, share: number, onlyShown: boolean): void {
    const words = this.#words;
    const shape = (words[at + layout.object.shape] ?? 0) >>> 2;
    const count = words[shape + layout.shape.count] ?? 0;
    const values = (words[at + layout.object.properties] ?? 0) >>> 2;
    const names = this.#namesOf(shape, count);
    if (count === 0) {
      return;
    }
    if (!onlyShown && names.isPlain) {
      this.#mix(names.hash);
      this.#addRun(values, count, share);
      return;
    }
    for (let number = 0; number < count; number += 1) {
      const entry = shape + layout.shape.properties + number * 2;
      const flags = words[entry] ?? 0;
      const atom = words[entry + 1] ?? 0;
      const at = values + number * 2;
      const isShown = (flags & layout.property.enumerable) !== 0;
      if (atom === 0 || (!isShown && (onlyShown || this.#isBuiltIn(at, flags, atom)))) {
        continue;
      }
      if (this.#room <= 0) {
        this.#isWhole = false;
        return;
      }
      this.#mix(this.#hashAtom(atom));
      this.#addProperty(at, flags >>> layout.property.kindShift);
    }
  }

  #addProperty(at: number, kind: number): void {
    const words = this.#words;
    if (kind === layout.property.getSet) {
      this.#mix(marks.accessor);
      this.#identity = addWord(addWord(this.#identity, words[at] ?? 0), words[at + 1] ?? 0);
    } else if (kind === layout.property.reference) {
      const value = (words[((words[at] ?? 0) >>> 2) + layout.reference.value] ?? 0) >>> 2;
      this.#add(words[value] ?? 0, words[value + 1] ?? 0);
    } else if (kind === 0) {
      this.#add(words[at] ?? 0, words[at + 1] ?? 0);
    } else {
      this.#mix(marks.late);
    }
  }

  #namesOf(shape: number, count: number): ShapeNames {
    const known = this.#shapes.get(shape);
    if (known) {
      return known;
    }
    let hash = count;
    let isPlain = true;
    const first = shape + layout.shape.properties;
    for (let at = first; at < first + count * 2; at += 2) {
      const flags = this.#words[at] ?? 0;
      const atom = this.#words[at + 1] ?? 0;
      const isKept = (flags & (layout.property.enumerable | layout.property.length)) !== 0;
      isPlain &&= atom !== 0 && isKept && flags >>> layout.property.kindShift === 0;
      hash = addWord(hash, atom === 0 ? 0 : this.#hashAtom(atom));
    }
    const names = { hash, isPlain };
    this.#shapes.set(shape, names);
    return names;
  }

  #hashAtom(atom: number): number {
    return atom < 0 ? addWord(seed, atom) : this.#hashText(this.#textOfAtom(atom));
  }

  #textOfAtom(atom: number): number {
    const list = (this.#words[this.#runtime + layout.atoms.list] ?? 0) >>> 2;
    return (this.#words[list + atom] ?? 0) >>> 2;
  }

  /** Methods and stacks: the engine makes them when they are first asked for, or by its own rules. */
  #isBuiltIn(value: number, flags: number, atom: number): boolean {
    const { getSet, kindShift, reference } = layout.property;
    const kind = flags >>> kindShift;
    if (kind === getSet || kind === reference) {
      return false;
    }
    const payload = (this.#words[value] ?? 0) >>> 2;
    const isMethod = this.#words[value + 1] === tags.object && isCallable(this.#classOf(payload));
    return kind !== 0 || isMethod || this.#isStack(atom);
  }

  /** Where an error was made is told by its line, and differs with the runner's own frames. */
  #isStack(atom: number): boolean {
    if (atom < 0) {
      return false;
    }
    if (this.#stackAtom === 0) {
      const at = this.#textOfAtom(atom);
      const isStack =
        (this.#words[at + layout.string.flags] ?? 0) >>> layout.atoms.kindShift ===
          layout.atoms.text &&
        this.#words[at + layout.string.size] === 5 &&
        this.#words[at + layout.string.characters] === 0x63617473 &&
        this.#bytes[(at + layout.string.characters) * 4 + 4] === 0x6b;
      this.#stackAtom = isStack ? atom : 0;
    }
    return atom === this.#stackAtom;
  }

  /** As of the flat text that it becomes when the code reads it. */
  #hashRope(at: number): number {
    const words = this.#words;
    const isWide = ((words[at + layout.rope.flags] ?? 0) & 1) !== 0;
    const length = words[at + layout.rope.length] ?? 0;
    if (Math.floor(length / bytesPerLook) > this.#room) {
      this.#isWhole = false;
      this.#room -= leastShare;
      return this.#bulk.hashPiecesOf(length, (start, count) => this.#readRope(at, start, count));
    }
    const flat = new Int32Array((length >>> (isWide ? 1 : 2)) + 1);
    const units = isWide ? new Uint16Array(flat.buffer) : new Uint8Array(flat.buffer);
    const waiting: number[] = [at];
    let end = 0;
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      const { left, right } = layout.rope;
      // A rope is told from a string by the tag of the value that holds it: kept as the sign here.
      if (part === at || part < 0) {
        for (const side of [right, left]) {
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
    return this.#hashFound({ units, start: 0, length });
  }

  /** Units of a rope that may be too long for a copy of all of it. */
  #readRope(at: number, start: number, length: number): Text {
    const words = this.#words;
    const { left, right } = layout.rope;
    const units = new Uint16Array(length);
    const waiting = [{ at, isRope: true, from: 0 }];
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      const size = this.#lengthOf(part.at, part.isRope);
      if (part.from + size <= start || part.from >= start + length) {
        continue;
      }
      if (part.isRope) {
        let { from } = part;
        for (const side of [left, right]) {
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
    return isRope
      ? (this.#words[at + layout.rope.length] ?? 0)
      : (this.#words[at + layout.string.size] ?? 0) & 0x7fffffff;
  }

  #locate(at: number): Text {
    const size = this.#words[at + layout.string.size] ?? 0;
    const bytes = this.#charactersOf(at);
    const isWide = size < 0;
    this.#text.units = isWide ? this.#halves : this.#bytes;
    this.#text.start = isWide ? bytes >>> 1 : bytes;
    this.#text.length = size & 0x7fffffff;
    return this.#text;
  }

  /** The address of a text's first character. */
  #charactersOf(at: number): number {
    const words = this.#words;
    const first = at + layout.string.characters;
    switch (((words[at + layout.string.flags] ?? 0) >>> 28) & 3) {
      case layout.string.isPart:
        return (
          this.#charactersOf((words[first] ?? 0) >>> 2) + (words[at + layout.string.offset] ?? 0)
        );
      case layout.string.isApart:
        return (words[first] ?? 0) >>> 0;
      default:
        return first * 4;
    }
  }

  #hashText(at: number): number {
    const words = this.#words;
    const size = words[at + layout.string.size] ?? 0;
    const isFlat = (((words[at + layout.string.flags] ?? 0) >>> 28) & 3) === 0;
    return size >= 0 && size < bytesPerLook && isFlat
      ? hashAligned(words, (at + layout.string.characters) * 4, size)
      : this.#hashFound(this.#locate(at));
  }

  #hashFound(text: Text): number {
    const looks = Math.floor(text.length / bytesPerLook);
    const isTooLong = looks > this.#room;
    this.#isWhole &&= !isTooLong;
    this.#room -= isTooLong ? leastShare : looks;
    return isTooLong ? this.#bulk.hashPieces(text) : this.#bulk.hashText(text);
  }
}

function isRestless(kind: number): boolean {
  return (
    (kind >= classes.firstRestless && kind <= classes.lastRestless) ||
    kind === classes.asyncGenerator
  );
}

function isCallable(kind: number): boolean {
  return (
    (kind >= classes.cFunction && kind <= classes.generatorFunction) ||
    (kind >= classes.firstAsyncFunction &&
      kind <= classes.asyncGeneratorFunction &&
      kind !== classes.asyncFromSyncIterator)
  );
}
