// How the pinned build of QuickJS lays out values in its memory; the build's hash is checked when the extension
// is built, and `checkEngine` probes what is relied on when an engine starts.
// Source: quickjs.c and quickjs.h of quickjs-ng 0.12.1, for 32-bit pointers, NaN boxing and dumps enabled.

/** The upper word of a value; what is none of these is a float. */
export const tags = {
  bigint: -9,
  symbol: -8,
  string: -7,
  rope: -6,
  object: -1,
  int: 0,
  shortBigint: 7,
} as const;
/** A float's upper word is kept less this. JS_FLOAT64_TAG_ADDEND */
export const floatAddend = 0x7ff8000a;

/** Class ids of objects. */
export const classes = {
  array: 2,
  number: 4,
  symbol: 7,
  arguments: 8,
  mappedArguments: 9,
  date: 10,
  moduleNamespace: 11,
  cFunction: 12,
  boundFunction: 14,
  generatorFunction: 17,
  regExp: 19,
  arrayBuffer: 20,
  sharedArrayBuffer: 21,
  firstTypedArray: 22,
  float64Array: 33,
  dataView: 34,
  bigint: 35,
  map: 36,
  set: 37,
  /** Weak collections, iterators and generators. */
  firstRestless: 38,
  lastRestless: 49,
  proxy: 50,
  promise: 51,
  firstAsyncFunction: 52,
  asyncFromSyncIterator: 57,
  asyncGeneratorFunction: 58,
  asyncGenerator: 59,
} as const;
/** By class id from `firstTypedArray`. */
export const bytesPerItem = [1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8] as const;

// Words from the beginning of each structure.

export const object = { header: 1, fastArray: 1 << 11, shape: 4, properties: 5, own: 8 } as const;
export const shape = { count: 8, properties: 12 } as const;
export const property = {
  getSet: 1,
  reference: 2,
  kindShift: 30,
  configurable: 1 << 26,
  enumerable: 1 << 28,
  length: 1 << 29,
} as const;
export const reference = { value: 4 } as const;
export const fastArray = { values: 9, count: 10 } as const;
export const buffer = { byteLength: 0, data: 3 } as const;
export const view = { buffer: 3, offset: 4, byteLength: 5, tracks: 6 } as const;
export const map = { records: 1, count: 3 } as const;
/** From the link of a record, which is in its words 3 and 4. */
export const record = { next: 1, isEmpty: -2, key: 5, value: 7 } as const;
/** What it has come to. */
export const promise = { state: 0, result: 6 } as const;
/** What is called, `this`, and arguments. */
export const bound = { called: 0, self: 2, count: 4, arguments: 6 } as const;
/** `characters`, or where they are: in another text from `offset` on, or elsewhere. */
export const string = {
  size: 1,
  flags: 2,
  characters: 7,
  offset: 8,
  isPart: 1,
  isApart: 2,
} as const;
export const rope = { length: 1, flags: 2, left: 4, right: 6 } as const;
export const bigint = { length: 1, limbs: 2 } as const;
/** Of the context. */
export const context = { words: 128, compileRegExp: 75 } as const;
/** In the flags of compiled patterns. LRE_FLAG_UNICODE, LRE_FLAG_UNICODE_SETS */
export const regExp = { unicode: 1 << 4, unicodeSets: 1 << 8 } as const;
/** `list` is of the runtime; an atom's text has its kind in the upper bits of its flags: a text, or a symbol. */
export const atoms = { list: 15, kindShift: 30, text: 1 } as const;

/** Whether an object of this class can be called. */
export function isCallable(kind: number): boolean {
  return (
    (kind >= classes.cFunction && kind <= classes.generatorFunction) ||
    (kind >= classes.firstAsyncFunction &&
      kind <= classes.asyncGeneratorFunction &&
      kind !== classes.asyncFromSyncIterator)
  );
}

/** Whether it is a generator, an iterator or a weak collection, of which nothing is seen. */
export function isRestless(kind: number): boolean {
  return (
    (kind >= classes.firstRestless && kind <= classes.lastRestless) ||
    kind === classes.asyncGenerator
  );
}
