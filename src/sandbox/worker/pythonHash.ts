// What a Python value holds, as hashes, read out of the interpreter's memory: built-in values and plain objects,
// whatever their number, at some nanoseconds an item. What it does not know is left to contents.py, which looks
// into less of it. Addresses come from the guest: each loop is bounded whatever is found there.

import { addWord, finish } from './bulkHash';
import { HashWalk, seed } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';
import { PythonLeaves } from './pythonLeaves';
import { PythonSets } from './pythonSets';
import { PythonTypes, isLeaf } from './pythonTypes';

const { flags } = layout;
/** Of an object whose words are hashed as they are. */
const maxRawWords = 65_536;
/** Cells of a closure that are looked at. */
const maxCells = 64;
const opaqueMark = 0x5b0a0000;

/** As contents.py knows them. */
const lookWords = { whole: '.', part: '~', unknown: '?', late: '-' } as const;

interface Look {
  /** 32 bits, the same for equal values in every process. */
  readonly content: number;
  /** Tells also which objects these are: only for comparisons in this process. */
  readonly identity: number;
  readonly isWhole: boolean;
}

export class PythonHash {
  readonly #memory: MemoryViews;
  readonly #walk = new HashWalk({ again: 0x5b010000, part: 0x5b0b0000 });
  readonly #types: PythonTypes;
  readonly #leaves: PythonLeaves;
  readonly #sets: PythonSets;

  constructor(memory: MemoryViews) {
    const walk = this.#walk;
    const types = new PythonTypes(memory, walk);
    const leaves = new PythonLeaves(memory, walk);
    this.#memory = memory;
    this.#types = types;
    this.#leaves = leaves;
    this.#sets = new PythonSets({ memory, walk, types, leaves });
  }

  /** The characters of a text of a context begin there, for as long as the interpreter lives. */
  addLoaded(address: number): void {
    this.#leaves.addLoaded(address);
  }

  beginStep(): void {
    this.#walk.beginStep();
  }

  /** Content and identity in 16 digits and whether that is of all of it; else why there are none. */
  describe(address: number): string {
    if (this.#walk.isSpent) {
      return lookWords.late;
    }
    const look = this.#look(address);
    return look === null
      ? lookWords.unknown
      : toDigits(look.content) +
          toDigits(look.identity) +
          (look.isWhole ? lookWords.whole : lookWords.part);
  }

  /** Tells only whether the same object is as it was: its words hold addresses. */
  describeWords(address: number, bytes: number): string {
    this.#memory.refresh();
    const first = (address >>> 2) + layout.object.words;
    const count = Math.min(bytes >>> 2, maxRawWords);
    let hash = seed;
    for (let at = first; at < (address >>> 2) + count; at += 1) {
      hash = addWord(hash, this.#memory.word(at));
    }
    return toDigits(finish(hash) >>> 0);
  }

  /** Null for what holds something that is not known here. */
  #look(address: number): Look | null {
    const walk = this.#walk;
    this.#memory.refresh();
    walk.begin();
    this.#add(address >>> 2);
    walk.followParts((at, share) => this.#addInside(at, share));
    walk.end();
    this.#types.end();
    return walk.isKnown
      ? {
          content: finish(walk.hash) >>> 0,
          identity: finish(walk.identity) >>> 0,
          isWhole: walk.isWhole,
        }
      : null;
  }

  /** Adds what a value without parts is; one with parts waits for its turn. */
  #add(at: number): void {
    this.#walk.room -= 1;
    const { kind, leaf } = this.#types.typeOf(at);
    if (leaf !== null) {
      this.#leaves.add(at, leaf);
    } else if (kind === 'unknown') {
      this.#walk.isKnown = false;
    } else if (kind === 'opaque') {
      this.#walk.mix(opaqueMark);
      this.#identify(at);
    } else {
      this.#addHolder(at);
    }
  }

  #addHolder(at: number): void {
    this.#walk.addHolder(at, this.#memory.word(at) !== 1);
  }

  /** Another value may have come to stand at the same place in memory: by what it was made of, too. */
  #identify(at: number): void {
    let identity = addWord(this.#walk.identity, at);
    const { isFunction } = this.#types.typeOf(at);
    const { closure, cell } = layout.opaque;
    for (const word of isFunction ? layout.opaque.wordsOfFunction : layout.opaque.words) {
      identity = addWord(identity, this.#memory.word(at + word));
    }
    const cells = isFunction ? this.#memory.target(at + closure) : 0;
    const count = cells === 0 ? 0 : this.#memory.word(cells + layout.tuple.length);
    for (let item = 0; item < Math.min(count, maxCells); item += 1) {
      const held = this.#memory.target(cells + layout.tuple.items + item) + cell;
      identity = addWord(identity, this.#memory.word(held));
    }
    this.#walk.identity = identity;
  }

  /** Adds what a value is made of; of its items at most `share`. */
  #addInside(at: number, share: number): void {
    this.#walk.identify(at);
    const type = this.#types.typeOf(at);
    this.#walk.mix(type.name);
    const { kind } = type;
    if (isLeaf(kind) || kind === 'opaque' || kind === 'unknown') {
      return; // it was none of these when it was put there
    }
    switch (kind) {
      case 'list':
        this.#walk.mix(1);
        this.#addRun(
          this.#memory.target(at + layout.list.items),
          this.#memory.word(at + layout.list.length),
          share,
        );
        break;
      case 'tuple':
        this.#walk.mix(2);
        this.#addRun(at + layout.tuple.items, this.#memory.word(at + layout.tuple.length), share);
        break;
      case 'dict':
        this.#walk.mix(3);
        this.#addDict(at, share);
        break;
      case 'set':
        this.#walk.mix(4);
        this.#sets.addSet(at, share);
        break;
      case 'object':
        if ((type.flags & flags.inlineValues) !== 0) {
          this.#addAttributes(at, share);
          return;
        }
    }
    if (type.name !== 0 && (type.flags & flags.managedDict) !== 0) {
      this.#addManagedDict(at);
    }
  }

  /** There is one, and it is empty, from when something asked for it. */
  #addManagedDict(at: number): void {
    const dict = this.#memory.target(at + layout.object.managedDict);
    const isEmpty = dict === 0 || this.#memory.word(dict + layout.dict.used) === 0;
    this.#walk.mix(isEmpty ? 0 : 1);
    if (!isEmpty) {
      this.#addHolder(dict);
    }
  }

  /** Attributes lie behind the object as long as nothing asked for them as a dict, and often after that. */
  #addAttributes(at: number, share: number): void {
    const values = at + 2;
    if ((this.#memory.bytes[values * 4 + layout.values.validByte] ?? 0) === 0) {
      this.#addManagedDict(at);
      return;
    }
    const type = this.#memory.target(at + layout.object.type);
    const keys = this.#memory.target(type + layout.type.cachedKeys);
    this.#addSplit(keys, values, share);
  }

  #addSplit(keys: number, values: number, share: number): void {
    const count = this.#memory.word(keys + layout.keys.entries);
    const entries = this.#entriesOf(keys);
    this.#walk.isWhole &&= count <= share;
    for (let index = 0; index < Math.min(count, share); index += 1) {
      const value = this.#memory.target(values + layout.values.first + index);
      if (value !== 0) {
        this.#add(this.#memory.target(entries + index * 2));
        this.#add(value);
      }
    }
  }

  #entriesOf(keys: number): number {
    const log = (this.#memory.word(keys + layout.keys.sizes) >>> 8) & 0xff;
    return keys + layout.keys.indices + (1 << Math.min(log, 29)) / 4;
  }

  #addRun(start: number, count: number, share: number): void {
    this.#walk.mix(count);
    const step = count <= share ? 1 : (count - 1) / (share - 1);
    this.#walk.isWhole &&= count <= share;
    for (let item = 0; item < Math.min(count, share) && this.#walk.isKnown; item += 1) {
      this.#add(this.#memory.target(start + Math.floor(item * step)));
    }
  }

  #addDict(at: number, share: number): void {
    const keys = this.#memory.target(at + layout.dict.keys);
    this.#walk.mix(this.#memory.word(at + layout.dict.used));
    const values = this.#memory.target(at + layout.dict.values);
    if (values !== 0) {
      this.#addSplit(keys, values, share);
      return;
    }
    const isGeneral =
      ((this.#memory.word(keys + layout.keys.sizes) >>> 16) & 0xff) === layout.keys.general;
    const count = this.#memory.word(keys + layout.keys.entries);
    const width = isGeneral ? 3 : 2;
    const first = this.#entriesOf(keys) + width - 2;
    const step = count <= share ? 1 : (count - 1) / (share - 1);
    this.#walk.isWhole &&= count <= share;
    for (let item = 0; item < Math.min(count, share) && this.#walk.isKnown; item += 1) {
      const entry = first + Math.floor(item * step) * width;
      const value = this.#memory.target(entry + 1);
      if (value !== 0) {
        this.#add(this.#memory.target(entry));
        this.#add(value);
      }
    }
  }
}

function toDigits(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}
