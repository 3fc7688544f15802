// The types of Python's values, read out of the interpreter's memory: what a value is, and whether all that it holds
// can be told from there. Addresses come from the guest: each loop is bounded whatever is found there.

import type { HashWalk } from './hashWalk';
import type { MemoryViews } from './memoryViews';
import * as layout from './pythonLayout';

const { flags } = layout;
const recentTypes = 64;
/** Types that one look, and all of a session, may meet: each is remembered. */
const maxTypes = 20_000;
const maxNameBytes = 500;
const maxBases = 100;

/** Their values hold no others, and change nothing: one is as good as another. */
const leafKinds = [
  ...(['bool', 'bytes', 'complex', 'date', 'datetime'] as const),
  ...(['float', 'int', 'none', 'str', 'timedelta'] as const),
] as const;
export type Leaf = (typeof leafKinds)[number];
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

interface PythonType {
  readonly address: number;
  readonly kind: Kind;
  /** The kind, where it is one of a leaf. */
  readonly leaf: Leaf | null;
  readonly isFunction: boolean;
  readonly flags: number;
  /** Of the type's name; 0 for types of the interpreter's own. */
  readonly name: number;
}

export class PythonTypes {
  readonly #memory: MemoryViews;
  readonly #walk: HashWalk;
  readonly #recent: (PythonType | undefined)[] = new Array<PythonType | undefined>(recentTypes);
  /** Of the interpreter's own, which stay, and of classes, for one look. */
  readonly #builtIn = new Map<number, PythonType>();
  readonly #classes = new Map<number, PythonType>();

  constructor(memory: MemoryViews, walk: HashWalk) {
    this.#memory = memory;
    this.#walk = walk;
  }

  end(): void {
    this.#classes.clear();
    this.#recent.fill(undefined);
  }

  typeOf(at: number): PythonType {
    const address = this.#memory.target(at + layout.object.type);
    const place = address & (recentTypes - 1);
    const recent = this.#recent[place];
    if (recent?.address === address) {
      return recent;
    }
    const known = this.#builtIn.get(address) ?? this.#classes.get(address);
    const type = known ?? this.#readType(address);
    if (known === undefined) {
      const types = (type.flags & flags.heap) === 0 ? this.#builtIn : this.#classes;
      this.#walk.isKnown &&= types.size < maxTypes;
      if (this.#walk.isKnown) {
        types.set(address, type);
      }
    }
    this.#recent[place] = type;
    return type;
  }

  #readType(address: number): PythonType {
    const { bytes } = this.#memory;
    const own = this.#memory.word(address + layout.type.flags);
    const start = this.#memory.word(address + layout.type.name) >>> 0;
    let end = start;
    while (end < start + maxNameBytes && (bytes[end] ?? 0) !== 0) {
      end += 1;
    }
    if ((own & flags.heap) === 0) {
      const name = String.fromCharCode(...bytes.subarray(start, end));
      const kind = kinds[name] ?? 'unknown';
      const leaf = isLeaf(kind) ? kind : null;
      return { address, kind, leaf, isFunction: name === 'function', flags: own, name: 0 };
    }
    const name = this.#walk.bulk.hashBytes({ units: bytes, start, length: end - start }) | 1;
    const kind = this.#kindOf(address, own);
    return { address, kind, leaf: null, isFunction: false, flags: own, name };
  }

  /** Of a class: only what keeps nothing but items and named attributes. */
  #kindOf(address: number, own: number): Kind {
    if ((own & flags.type) !== 0) {
      return 'opaque';
    }
    const bytes = this.#memory.word(address + layout.type.basicBytes);
    const items = this.#memory.word(address + layout.type.itemBytes);
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
    let at = this.#memory.target(address + layout.type.base);
    for (let hops = 0; at !== 0 && hops < maxBases; hops += 1) {
      const isBuiltIn = (this.#memory.word(at + layout.type.flags) & flags.heap) === 0;
      if (isBuiltIn) {
        return this.#readType(at).kind !== 'dict';
      }
      at = this.#memory.target(at + layout.type.base);
    }
    return true;
  }
}

export function isLeaf(kind: Kind): kind is Leaf {
  return leaves.has(kind);
}
