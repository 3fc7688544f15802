// How the pinned build of CPython lays out values in its memory; the build's hash is checked when the extension is
// built, and `PythonHash` is probed when an interpreter starts. In words from the beginning of each structure.
// Source: Include/cpython and Include/internal of CPython 3.13, for 32-bit pointers and digits of 15 bits.

export const object = { references: 0, type: 1, words: 2, managedDict: -3 } as const;
export const type = {
  name: 3,
  basicBytes: 4,
  itemBytes: 5,
  flags: 21,
  base: 32,
  dict: 33,
  cachedKeys: 110,
} as const;
export const flags = {
  inlineValues: 1 << 2,
  managedDict: 1 << 4,
  heap: 1 << 9,
  list: 1 << 25,
  tuple: 1 << 26,
  dict: 1 << 29,
  type: 1 << 31,
} as const;
export const int = { tag: 2, digits: 3 } as const;
export const text = {
  length: 2,
  state: 4,
  ascii: 5,
  other: 7,
  kindShift: 2,
  compact: 1 << 5,
  isAscii: 1 << 6,
} as const;
export const bytes = { length: 2, data: 4 } as const;
export const list = { length: 2, items: 3, bytes: 20 } as const;
export const tuple = { length: 2, items: 3, bytes: 12 } as const;
export const dict = { used: 2, keys: 6, values: 7, bytes: 32, factory: 8 } as const;
/** The entries come after the indices, whose number of bytes is a power of two in the second word. */
export const keys = { sizes: 1, entries: 4, indices: 5, general: 0 } as const;
export const values = { first: 1, validByte: 3 } as const;
export const set = { used: 3, mask: 4, table: 5 } as const;
/**
 * What tells one from another that stood at its place: of a function its code, defaults and closure, of a method
 * its function and object, of others what comes first.
 */
export const opaque = {
  wordsOfFunction: [6, 7, 8, 9],
  words: [2, 3],
  closure: 9,
  cell: 2,
} as const;
/** Of dates: what was hashed before is kept in the first word of its own. */
export const date = { zoneByte: 12, first: 13 } as const;
/** Changes with each change of a dict: its size, version, keys and values. */
export const stateOfDict = { begin: 2, end: 8 } as const;
/** What a function runs with: globals, builtins, code, defaults, keyword defaults, closure. */
export const wordsOfFunction = [2, 3, 6, 7, 8, 9] as const;
/** What a class inherits from and has: its base, members, bases and order of resolution. */
export const wordsOfClass = [32, 33, 42, 43] as const;
/** Of a `partial`: function, arguments, keywords. */
export const wordsOfPartial = [2, 3, 4] as const;
/** What a frame object stands for. */
export const frameObject = { frame: 3 } as const;
/** Frames by which C code entered the interpreter run no code of their own. */
export const frame = { code: 0, previous: 1, ownerByte: 38, ownedByC: 3 } as const;
/** From where a thread keeps its frame: functions and objects of `setprofile` and `settrace`. */
export const hooksOfThread = { begin: 1, profile: 3, end: 5 } as const;
/** Tools of `sys.monitoring` that code can have. */
export const monitoringTools = 6;
