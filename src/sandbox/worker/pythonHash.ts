// What a Python value holds, as hashes, read out of the interpreter's memory: built-in values and plain objects,
// whatever their number, at some nanoseconds an item. What it does not know is left to contents.py, which looks
// into less of it. Addresses come from the guest: each loop is bounded whatever is found there.
// Long: one walk over one layout.

import { BulkHash, addWord, finish, hashAligned } from './bulkHash';
import * as layout from './pythonLayout';

const { flags } = layout;
/** An item is one look, and so are this many bytes of text. */
const bytesPerLook = 64;
const maxLooks = 1_000_000;
/** Of all that is looked at in one step. */
const maxStepLooks = 4_000_000;
const leastShare = 64;
const maxDepth = 20;
const recentTypes = 64;
const seed = 0x811c9dc5 | 0;
/** Types that one look, and all of a session, may meet: each is remembered. */
const maxTypes = 20_000;
/** Of an object whose words are hashed as they are. */
const maxRawWords = 65_536;
/** Cells of a closure that are looked at. */
const maxCells = 64;
/** What goes in before a value that is no small integer: no word that one of those is. */
const marks = {
  again: 0x5b010000,
  bool: 0x5b020000,
  bytes: 0x5b030000,
  complex: 0x5b040000,
  date: 0x5b050000,
  datetime: 0x5b060000,
  float: 0x5b070000,
  member: 0x5b080000,
  none: 0x5b090000,
  opaque: 0x5b0a0000,
  part: 0x5b0b0000,
  str: 0x5b0c0000,
  timedelta: 0x5b0d0000,
} as const;

/** As contents.py knows them. */
const lookWords = { whole: '.', part: '~', unknown: '?', late: '-' } as const;

/** Their values hold no others, and change nothing: one is as good as another. */
const leafKinds = [
  ...(['bool', 'bytes', 'complex', 'date', 'datetime'] as const),
  ...(['float', 'int', 'none', 'str', 'timedelta'] as const),
] as const;
type Leaf = (typeof leafKinds)[number];
type Holder = 'dict' | 'list' | 'object' | 'set' | 'tuple';
type Kind = Leaf | Holder | 'opaque' | 'unknown';

/** Types of the interpreter's own, by name. */
const kinds: Readonly<Record<string, Kind>> = {
  bool: 'bool',
  bytes: 'bytes',
  complex: 'complex',
  'datetime.date': 'date',
  'datetime.datetime': 'datetime',
  'datetime.timedelta': 'timedelta',
  dict: 'dict',
  float: 'float',
  int: 'int',
  list: 'list',
  NoneType: 'none',
  set: 'set',
  frozenset: 'set',
  str: 'str',
  tuple: 'tuple',
  type: 'opaque',
  function: 'opaque',
  module: 'opaque',
  method: 'opaque',
  code: 'opaque',
  builtin_function_or_method: 'opaque',
};
const leaves: ReadonlySet<string> = new Set(leafKinds);

interface Type {
  readonly address: number;
  readonly kind: Kind;
  readonly isFunction: boolean;
  readonly flags: number;
  /** Of the type's name; 0 for types of the interpreter's own. */
  readonly name: number;
}

interface Look {
  /** 32 bits, the same for equal values in every process. */
  readonly content: number;
  /** Tells also which objects these are: only for comparisons in this process. */
  readonly identity: number;
  readonly isWhole: boolean;
}

export class PythonHash {
  readonly #readMemory: () => ArrayBuffer;
  readonly #bulk = new BulkHash();
  #words = new Int32Array();
  #halves = new Uint16Array();
  #bytes = new Uint8Array();
  #recent: (Type | undefined)[] = new Array<Type | undefined>(recentTypes);
  #queue = new Int32Array(1_024);
  #queued = 0;
  readonly #shared = new Map<number, number>();
  /** Of the interpreter's own, which stay, and of classes, for one look. */
  readonly #builtIn = new Map<number, Type>();
  readonly #classes = new Map<number, Type>();
  #hash = seed;
  #identity = seed;
  #room = 0;
  #stepRoom = maxStepLooks;
  #isWhole = true;
  #isKnown = true;

  constructor(readMemory: () => ArrayBuffer) {
    this.#readMemory = readMemory;
  }

  beginStep(): void {
    this.#stepRoom = maxStepLooks;
  }

  /** Content and identity in 16 digits and whether that is of all of it; else why there are none. */
  describe(address: number): string {
    if (this.#stepRoom <= 0) {
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
    this.#begin();
    const first = (address >>> 2) + layout.object.words;
    const count = Math.min(bytes >>> 2, maxRawWords);
    let hash = seed;
    for (let at = first; at < (address >>> 2) + count; at += 1) {
      hash = addWord(hash, this.#word(at));
    }
    return toDigits(finish(hash) >>> 0);
  }

  /** Null for what holds something that is not known here. */
  #look(address: number): Look | null {
    this.#begin();
    this.#add(address >>> 2);
    for (let next = 0; next < this.#queued && this.#isKnown; next += 1) {
      if (this.#room <= 0) {
        this.#isWhole = false;
        break;
      }
      const share = Math.max(leastShare, Math.floor(this.#room / (this.#queued - next)));
      this.#addInside(this.#queue[next] ?? 0, share);
    }
    this.#stepRoom -= maxLooks - this.#room;
    this.#end();
    return this.#isKnown
      ? {
          content: finish(this.#hash) >>> 0,
          identity: finish(this.#identity) >>> 0,
          isWhole: this.#isWhole,
        }
      : null;
  }

  #begin(): void {
    const buffer = this.#readMemory();
    if (this.#words.buffer !== buffer) {
      this.#words = new Int32Array(buffer);
      this.#halves = new Uint16Array(buffer);
      this.#bytes = new Uint8Array(buffer);
    }
    this.#hash = seed;
    this.#identity = seed;
    this.#room = maxLooks;
    this.#isWhole = true;
    this.#isKnown = true;
    this.#queued = 0;
  }

  #end(): void {
    this.#shared.clear();
    this.#classes.clear();
    this.#recent.fill(undefined);
    if (this.#queue.length > 65_536) {
      this.#queue = new Int32Array(1_024);
    }
  }

  #word(at: number): number {
    return this.#words[at] ?? 0;
  }

  /** The word that a pointer there points to. */
  #target(at: number): number {
    return (this.#words[at] ?? 0) >>> 2;
  }

  #mix(word: number): void {
    this.#hash = addWord(this.#hash, word);
  }

  #typeOf(at: number): Type {
    const address = this.#target(at + layout.object.type);
    const place = address & (recentTypes - 1);
    const recent = this.#recent[place];
    if (recent?.address === address) {
      return recent;
    }
    const known = this.#builtIn.get(address) ?? this.#classes.get(address);
    const type = known ?? this.#readType(address);
    if (known === undefined) {
      const types = (type.flags & flags.heap) === 0 ? this.#builtIn : this.#classes;
      this.#isKnown &&= types.size < maxTypes;
      if (this.#isKnown) {
        types.set(address, type);
      }
    }
    this.#recent[place] = type;
    return type;
  }

  #readType(address: number): Type {
    const own = this.#word(address + layout.type.flags);
    const start = this.#word(address + layout.type.name) >>> 0;
    let end = start;
    while (end < start + 500 && (this.#bytes[end] ?? 0) !== 0) {
      end += 1;
    }
    if ((own & flags.heap) === 0) {
      const name = String.fromCharCode(...this.#bytes.subarray(start, end));
      const kind = kinds[name] ?? 'unknown';
      return { address, kind, isFunction: name === 'function', flags: own, name: 0 };
    }
    const name = this.#bulk.hashBytes({ units: this.#bytes, start, length: end - start }) | 1;
    const bytes = this.#word(address + layout.type.basicBytes);
    return {
      address,
      kind: this.#kindOf(address, own, bytes),
      isFunction: false,
      flags: own,
      name,
    };
  }

  /** Of a class: only what keeps nothing but items and named attributes. */
  #kindOf(address: number, own: number, bytes: number): Kind {
    if ((own & flags.type) !== 0) {
      return 'opaque';
    }
    const items = this.#word(address + layout.type.itemBytes);
    if ((own & flags.dict) !== 0) {
      return bytes === layout.dict.bytes && !this.#hasOrderOfItsOwn(address) ? 'dict' : 'unknown';
    }
    if ((own & flags.list) !== 0) {
      return bytes === layout.list.bytes ? 'list' : 'unknown';
    }
    if ((own & flags.tuple) !== 0) {
      return bytes === layout.tuple.bytes && (own & flags.managedDict) === 0 ? 'tuple' : 'unknown';
    }
    const isPlain = bytes === 8 && items === 0 && (own & flags.managedDict) !== 0;
    return isPlain ? 'object' : 'unknown';
  }

  #hasOrderOfItsOwn(address: number): boolean {
    let at = this.#target(address + layout.type.base);
    for (let hops = 0; at !== 0 && hops < 100; hops += 1) {
      const isBuiltIn = (this.#word(at + layout.type.flags) & flags.heap) === 0;
      if (isBuiltIn) {
        return this.#readType(at).kind !== 'dict';
      }
      at = this.#target(at + layout.type.base);
    }
    return true;
  }

  /** Adds what a value without parts is; one with parts waits for its turn. */
  #add(at: number): void {
    this.#room -= 1;
    const { kind } = this.#typeOf(at);
    if (isLeaf(kind)) {
      this.#addLeaf(at, kind);
    } else if (kind === 'unknown') {
      this.#isKnown = false;
    } else if (kind === 'opaque') {
      this.#mix(marks.opaque);
      this.#identify(at);
    } else {
      this.#addHolder(at);
    }
  }

  /** Another value may have come to stand at the same place in memory: by what it was made of, too. */
  #identify(at: number): void {
    let identity = addWord(this.#identity, at);
    const { isFunction } = this.#typeOf(at);
    const { closure, cell } = layout.opaque;
    for (const word of isFunction ? layout.opaque.wordsOfFunction : layout.opaque.words) {
      identity = addWord(identity, this.#word(at + word));
    }
    const cells = isFunction ? this.#target(at + closure) : 0;
    const count = cells === 0 ? 0 : this.#word(cells + layout.tuple.length);
    for (let item = 0; item < Math.min(count, maxCells); item += 1) {
      const held = this.#target(cells + layout.tuple.items + item) + cell;
      identity = addWord(identity, this.#word(held));
    }
    this.#identity = identity;
  }

  #addLeaf(at: number, kind: Leaf): void {
    switch (kind) {
      case 'int':
        this.#addInt(at);
        return;
      case 'str':
        this.#mix(marks.str);
        this.#mix(this.#hashText(at));
        return;
      case 'float':
        this.#mix(marks.float);
        this.#addFloat(at + 2);
        return;
      case 'complex':
        this.#mix(marks.complex);
        this.#addFloat(at + 2);
        this.#addFloat(at + 4);
        return;
      case 'bytes': {
        const length = this.#word(at + layout.bytes.length);
        this.#mix(marks.bytes);
        this.#mix(this.#hashRun((at + layout.bytes.data) * 4, length));
        return;
      }
      case 'bool':
        this.#mix(marks.bool + this.#word(at + layout.int.tag));
        return;
      case 'timedelta':
        this.#mix(marks.timedelta);
        [3, 4, 5].forEach((word) => this.#mix(this.#word(at + word)));
        return;
      case 'date':
      case 'datetime': {
        const { zoneByte, first } = layout.date;
        this.#isKnown &&= (this.#bytes[at * 4 + zoneByte] ?? 0) === 0;
        this.#mix(marks[kind]);
        this.#mix(this.#hashRun(at * 4 + first, kind === 'date' ? 4 : 11));
        return;
      }
      case 'none':
        this.#mix(marks.none);
    }
  }

  #addInt(at: number): void {
    const tag = this.#word(at + layout.int.tag);
    const digits = tag >>> 3;
    let half = (at + layout.int.digits) * 2;
    if (digits === 1) {
      const digit = this.#halves[half] ?? 0;
      this.#hash = addWord(this.#hash, (tag & 3) === 2 ? -digit : digit);
      return;
    }
    const kept = Math.min(digits, 1_000_000);
    this.#isWhole &&= kept === digits;
    this.#room -= kept >>> 5;
    this.#mix(tag ^ 0x5a5a0000);
    for (const end = half + kept; half < end; half += 1) {
      this.#mix(this.#halves[half] ?? 0);
    }
  }

  /** A float that is no number has many forms. */
  #addFloat(at: number): void {
    const low = this.#word(at);
    const high = this.#word(at + 1);
    const isNumber = (high & 0x7ff00000) !== 0x7ff00000 || ((high & 0xfffff) | low) === 0;
    this.#hash = addWord(addWord(this.#hash, isNumber ? low : 1), isNumber ? high : 0x7ff80000);
  }

  #hashText(at: number): number {
    const { length, state, ascii, other, kindShift, compact, isAscii } = layout.text;
    const bits = this.#word(at + state);
    this.#isKnown &&= (bits & compact) !== 0;
    const kind = (bits >>> kindShift) & 7;
    const start = (at + ((bits & isAscii) !== 0 ? ascii : other)) * 4;
    const bytes = this.#word(at + length) * kind;
    return bytes >= 0 && bytes < bytesPerLook
      ? hashAligned(this.#words, start, bytes) + kind
      : this.#hashRun(start, bytes) + kind;
  }

  #hashRun(start: number, length: number): number {
    const looks = Math.floor(length / bytesPerLook);
    const isTooLong = !(looks <= this.#room) || length < 0;
    this.#isWhole &&= !isTooLong;
    this.#room -= isTooLong ? leastShare : looks;
    const run = { units: this.#bytes, start, length };
    return isTooLong ? this.#bulk.hashPieces(run) : this.#bulk.hashBytes(run);
  }

  /** Only a value that more than one place holds can be met again. */
  #addHolder(at: number): void {
    if (this.#word(at) !== 1 || this.#queued === 0) {
      const known = this.#shared.get(at);
      if (known !== undefined) {
        this.#hash = addWord(this.#hash ^ marks.again, known);
        return;
      }
      this.#shared.set(at, this.#queued);
    }
    if (this.#queued === this.#queue.length) {
      const longer = new Int32Array(this.#queue.length * 2);
      longer.set(this.#queue);
      this.#queue = longer;
    }
    this.#mix(marks.part);
    this.#queue[this.#queued] = at;
    this.#queued += 1;
  }

  /** Adds what a value is made of; of its items at most `share`. */
  #addInside(at: number, share: number): void {
    this.#identity = addWord(this.#identity, at);
    const type = this.#typeOf(at);
    this.#mix(type.name);
    const { kind } = type;
    if (isLeaf(kind) || kind === 'opaque' || kind === 'unknown') {
      return; // it was none of these when it was put there
    }
    switch (kind) {
      case 'list':
        this.#mix(1);
        this.#addRun(
          this.#target(at + layout.list.items),
          this.#word(at + layout.list.length),
          share,
        );
        break;
      case 'tuple':
        this.#mix(2);
        this.#addRun(at + layout.tuple.items, this.#word(at + layout.tuple.length), share);
        break;
      case 'dict':
        this.#mix(3);
        this.#addDict(at, share);
        break;
      case 'set':
        this.#mix(4);
        this.#addSet(at, share);
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
    const dict = this.#target(at + layout.object.managedDict);
    const isEmpty = dict === 0 || this.#word(dict + layout.dict.used) === 0;
    this.#mix(isEmpty ? 0 : 1);
    if (!isEmpty) {
      this.#addHolder(dict);
    }
  }

  /** Attributes lie behind the object as long as nothing asked for them as a dict, and often after that. */
  #addAttributes(at: number, share: number): void {
    const values = at + 2;
    if ((this.#bytes[values * 4 + layout.values.validByte] ?? 0) === 0) {
      this.#addManagedDict(at);
      return;
    }
    const type = this.#target(at + layout.object.type);
    const keys = this.#target(type + layout.type.cachedKeys);
    this.#addSplit(keys, values, share);
  }

  #addSplit(keys: number, values: number, share: number): void {
    const count = this.#word(keys + layout.keys.entries);
    const entries = this.#entriesOf(keys);
    this.#isWhole &&= count <= share;
    for (let index = 0; index < Math.min(count, share); index += 1) {
      const value = this.#target(values + layout.values.first + index);
      if (value !== 0) {
        this.#add(this.#target(entries + index * 2));
        this.#add(value);
      }
    }
  }

  #entriesOf(keys: number): number {
    const log = (this.#word(keys + layout.keys.sizes) >>> 8) & 0xff;
    return keys + layout.keys.indices + (1 << Math.min(log, 29)) / 4;
  }

  #addRun(start: number, count: number, share: number): void {
    this.#mix(count);
    const step = count <= share ? 1 : (count - 1) / (share - 1);
    this.#isWhole &&= count <= share;
    for (let item = 0; item < Math.min(count, share) && this.#isKnown; item += 1) {
      this.#add(this.#target(start + Math.floor(item * step)));
    }
  }

  #addDict(at: number, share: number): void {
    const keys = this.#target(at + layout.dict.keys);
    this.#mix(this.#word(at + layout.dict.used));
    const values = this.#target(at + layout.dict.values);
    if (values !== 0) {
      this.#addSplit(keys, values, share);
      return;
    }
    const isGeneral =
      ((this.#word(keys + layout.keys.sizes) >>> 16) & 0xff) === layout.keys.general;
    const count = this.#word(keys + layout.keys.entries);
    const width = isGeneral ? 3 : 2;
    const first = this.#entriesOf(keys) + width - 2;
    const step = count <= share ? 1 : (count - 1) / (share - 1);
    this.#isWhole &&= count <= share;
    for (let item = 0; item < Math.min(count, share) && this.#isKnown; item += 1) {
      const entry = first + Math.floor(item * step) * width;
      const value = this.#target(entry + 1);
      if (value !== 0) {
        this.#add(this.#target(entry));
        this.#add(value);
      }
    }
  }

  /** A set has no order that holds everywhere: what is the same in any order goes in. */
  #addSet(at: number, share: number): void {
    const used = this.#word(at + layout.set.used);
    const table = this.#target(at + layout.set.table);
    const all = this.#word(at + layout.set.mask) + 1;
    const places = Math.min(all, (this.#words.length - table) >>> 1);
    this.#isWhole &&= used <= share;
    const before = this.#hash;
    let [sum, mixed] = [0, 0];
    let seen = 0;
    for (
      let place = 0;
      place < places && seen < Math.min(used, share) && this.#isKnown;
      place += 1
    ) {
      const member = this.#target(table + place * 2);
      if (member === 0 || this.#word(table + place * 2 + 1) === -1) {
        continue; // empty, or taken out
      }
      seen += 1;
      const hash = this.#hashMember(member, 0);
      sum = (sum + hash) | 0;
      mixed ^= addWord(hash, marks.member);
    }
    this.#room -= places >>> 4;
    this.#hash = before;
    [used, sum, mixed].forEach((word) => this.#mix(word));
  }

  /** Of a value that can be a member of a set and holds nothing but such. */
  #hashMember(at: number, depth: number): number {
    const { kind, name } = this.#typeOf(at);
    this.#room -= 1;
    this.#hash = addWord(seed, name);
    if (isLeaf(kind)) {
      this.#addLeaf(at, kind);
    } else if (kind === 'tuple' && depth < maxDepth && this.#room > 0) {
      const length = this.#word(at + layout.tuple.length);
      let hash = addWord(seed, length);
      for (let item = 0; item < length && this.#isKnown; item += 1) {
        this.#isKnown = this.#room > 0;
        hash = addWord(
          hash,
          this.#hashMember(this.#target(at + layout.tuple.items + item), depth + 1),
        );
      }
      this.#hash = addWord(hash, name);
    } else {
      this.#isKnown = false;
    }
    return finish(this.#hash);
  }
}

function toDigits(hash: number): string {
  return hash.toString(16).padStart(8, '0');
}

function isLeaf(kind: Kind): kind is Leaf {
  return leaves.has(kind);
}
