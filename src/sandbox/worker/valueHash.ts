// What a guest's value holds, as hashes, read out of the guest's memory: no code of the session runs, nothing
// is made in the guest, and an item costs nanoseconds. Breadth first; a look is whole up to a bound, beyond
// that it takes in evenly spaced places and says so.

import { finish } from './bulkHash';
import type { ValuePointer } from './flatStrings';
import type { GuestAtoms } from './guestAtoms';
import * as layout from './guestLayout';
import { HashWalk } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import { ValueLeaves } from './valueLeaves';
import { ValueProperties } from './valueProperties';
import { ValueTexts } from './valueTexts';

const { classes, isCallable, isRestless, tags } = layout;
/** What goes into a hash for what has no content in memory. */
const callableMark = 17;

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
  readonly #memory: MemoryViews;
  readonly #walk = new HashWalk({ again: 7, part: 5 });
  readonly #texts: ValueTexts;
  readonly #leaves: ValueLeaves;
  readonly #properties: ValueProperties;
  /** By address: what lives while a step's variables are compared. */
  readonly #looks = new Map<number, Look>();
  #isRestless = false;

  constructor(memory: MemoryViews, atoms: GuestAtoms) {
    const walk = this.#walk;
    const texts = new ValueTexts(memory, walk);
    const leaves = new ValueLeaves({ memory, walk, texts });
    this.#memory = memory;
    this.#texts = texts;
    this.#leaves = leaves;
    this.#properties = new ValueProperties({ memory, walk, texts, leaves, atoms });
  }

  /** A text of a context, for as long as the guest lives. */
  addLoaded(address: number): void {
    this.#texts.addLoaded(address);
  }

  /** What was looked at before may have changed, and there is room for more looks. */
  beginStep(): void {
    this.#looks.clear();
    this.#walk.beginStep();
  }

  /** Null where this step has looked at too much. Each value is looked at once in a step. */
  look(value: ValuePointer): Look | null {
    this.#memory.refresh();
    const { words } = this.#memory;
    const payload = words[value >>> 2] ?? 0;
    const tag = words[(value >>> 2) + 1] ?? 0;
    const isHeld = tag === tags.object || tag === tags.string || tag === tags.rope;
    const known = isHeld ? this.#looks.get(payload) : undefined;
    if (known !== undefined || this.#walk.isSpent) {
      return known ?? null;
    }
    const look = this.#lookInto(payload, tag);
    if (isHeld) {
      this.#looks.set(payload, look);
    }
    return look;
  }

  #lookInto(payload: number, tag: number): Look {
    const walk = this.#walk;
    walk.begin();
    this.#isRestless = false;
    this.#leaves.add(payload, tag);
    walk.followParts((at, share) => this.#addInside(at, share));
    walk.end();
    this.#properties.end();
    const isBare =
      tag === tags.symbol || (tag === tags.object && isCallable(this.#classOf(payload >>> 2)));
    const hash = finish(walk.hash) >>> 0;
    return {
      content: isBare ? null : hash,
      fingerprint: (finish(walk.identity) >>> 11) * 2 ** 32 + hash,
      isWhole: walk.isWhole,
      isRestless: this.#isRestless,
    };
  }

  #classOf(at: number): number {
    return (this.#memory.words[at + layout.object.header] ?? 0) >>> 16;
  }

  /** Adds what an object is made of; of its items at most `share`. */
  #addInside(at: number, share: number): void {
    const kind = this.#classOf(at);
    this.#walk.identify(at);
    this.#walk.mix(kind);
    this.#isRestless ||= isRestless(kind);
    this.#addOwn(at, kind, share);
    this.#properties.addProperties(at, share, isCallable(kind));
  }

  /** What an object of such a class keeps beside its properties. */
  #addOwn(at: number, kind: number, share: number): void {
    const { words, bytes } = this.#memory;
    const own = at + layout.object.own;
    const held = (words[own] ?? 0) >>> 2;
    if (kind >= classes.firstTypedArray && kind < classes.dataView) {
      this.#addTypedArray(at, kind);
    } else if (kind === classes.array || kind === classes.arguments) {
      const start = (words[at + layout.fastArray.values] ?? 0) >>> 2;
      this.#properties.addRun(start, words[at + layout.fastArray.count] ?? 0, share);
    } else if (kind === classes.mappedArguments) {
      this.#properties.addReferences(at, share);
    } else if (kind === classes.map || kind === classes.set) {
      this.#addRecords(held, kind === classes.map, share);
    } else if (
      kind === classes.date ||
      (kind >= classes.number && kind <= classes.symbol) ||
      kind === classes.bigint
    ) {
      this.#leaves.addAt(own);
    } else if (kind === classes.arrayBuffer || kind === classes.sharedArrayBuffer) {
      const start = (words[held + layout.buffer.data] ?? 0) >>> 0;
      this.#addBytes(start, words[held + layout.buffer.byteLength] ?? 0, false);
    } else if (kind === classes.dataView) {
      this.#addView(held);
    } else if (kind === classes.regExp) {
      const code = this.#texts.charactersOf((words[own + 1] ?? 0) >>> 2);
      this.#walk.mix(this.#texts.hashText(held));
      this.#walk.mix(bytes[code] ?? 0); // its flags
      this.#walk.mix(bytes[code + 1] ?? 0);
    } else if (kind === classes.promise) {
      this.#walk.mix(words[held + layout.promise.state] ?? 0);
      this.#leaves.addAt(held + layout.promise.result);
    } else if (kind === classes.boundFunction) {
      this.#addBound(held, share);
    } else if (kind === classes.proxy) {
      this.#leaves.addAt(held);
    } else if (isCallable(kind)) {
      this.#walk.mix(callableMark);
      this.#walk.identify(words[own] ?? 0);
      this.#walk.identify(words[own + 1] ?? 0);
    }
  }

  #addBound(held: number, share: number): void {
    const count = this.#memory.words[held + layout.bound.count] ?? 0;
    this.#walk.mix(callableMark);
    this.#leaves.addAt(held + layout.bound.called);
    this.#leaves.addAt(held + layout.bound.self);
    this.#properties.addRun(held + layout.bound.arguments, count, share);
  }

  #addTypedArray(at: number, kind: number): void {
    const { words } = this.#memory;
    const size = layout.bytesPerItem[kind - classes.firstTypedArray] ?? 1;
    const start = (words[at + layout.fastArray.values] ?? 0) >>> 0;
    const count = words[at + layout.fastArray.count] ?? 0;
    this.#addBytes(start, count * size, kind === classes.float64Array);
  }

  #addRecords(state: number, hasValues: boolean, share: number): void {
    const { words } = this.#memory;
    const leaves = this.#leaves;
    const { key, value, next, isEmpty } = layout.record;
    const count = words[state + layout.map.count] ?? 0;
    this.#walk.mix(count);
    this.#walk.isWhole &&= count <= share;
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
      leaves.add(words[at + key] ?? 0, words[at + key + 1] ?? 0);
      if (hasValues) {
        leaves.add(words[at + value] ?? 0, words[at + value + 1] ?? 0);
      }
    }
  }

  #addView(view: number): void {
    const { words } = this.#memory;
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
    const run = { units: this.#memory.bytes, start, length };
    const { bulk } = this.#walk;
    this.#walk.mix(length);
    if (!this.#walk.takeRun(length)) {
      this.#walk.mix(bulk.hashPieces(run));
    } else {
      this.#walk.mix(areFloats ? bulk.hashFloats(run) : bulk.hashBytes(run));
    }
  }
}
