// What a value of the session's holds, as hashes: the same as valueHash.ts reads out of QuickJS's memory for an equal
// value, but where only that memory tells (the order in which numbers became names, names that were taken away). No
// code of the session runs.

import { addWord, finish } from '../../worker/bulkHash';
import { classes, isCallable, isRestless, tags } from '../../worker/guestLayout';
import { HashWalk, bytesPerLook, seed } from '../../worker/hashWalk';
import type { RealmTypes } from './nodeHost';

/** What goes in before what is no small integer; as in valueLeaves.ts and valueProperties.ts. */
const marks = { none: 1, number: 2, text: 3, symbol: 19, accessor: 11, callable: 17 };
/** As in valueTexts.ts. */
const loadedMark = 0x10ad0000;
const kindOfObject = 1;
const kindOfError = 3;
const functionKind = 13;
const generatorKind = 17;
const asyncKind = 54;
/** Each takes up to half a millisecond. */
const maxHiddenLooks = 300;
const maxCopiedChars = 2 ** 22;
const lengthName = 'length';
/** LRE_FLAG_NAMED_GROUPS */
const namedGroups = 1 << 7;

interface Look {
  readonly content: number | null;
  readonly fingerprint: number;
  readonly isWhole: boolean;
  readonly isRestless: boolean;
}

export class ValueHashV8 {
  readonly #types: RealmTypes;
  readonly #walk = new HashWalk({ again: 7, part: 5 });
  /** Numbers of the loaded texts. */
  readonly #loaded = new Map<string, number>();
  #loadedCount = 0;
  /** Of the loaded texts. */
  #longest = 0;
  /** Of this step. */
  #hiddenLooks = 0;
  readonly #ids = new WeakMap<object, number>();
  readonly #symbolIds = new Map<symbol, number>();
  #lastId = 0;
  /** Of the objects that one look has met. */
  readonly #met = new Map<number, object>();
  readonly #looks = new Map<unknown, Look>();
  readonly #float = new Float64Array(1);
  readonly #floatWords = new Int32Array(this.#float.buffer);
  #isRestless = false;

  constructor(types: RealmTypes) {
    this.#types = types;
  }

  addLoaded(text: string): void {
    this.#longest = Math.max(this.#longest, text.length);
    if (!this.#loaded.has(text)) {
      this.#loaded.set(text, this.#loadedCount);
    }
    this.#loadedCount += 1;
  }

  /** The number of the loaded text that this is; −1 for none. */
  findLoaded(text: string): number {
    return this.#loaded.get(text) ?? -1;
  }

  beginStep(): void {
    this.#looks.clear();
    this.#hiddenLooks = 0;
    this.#walk.beginStep();
  }

  /** Null where this step has looked at too much. Each object is looked at once in a step. */
  look(value: unknown): Look | null {
    const isHeld = isObject(value);
    const known = isHeld ? this.#looks.get(value) : undefined;
    if (known !== undefined || this.#walk.isSpent) {
      return known ?? null;
    }
    const look = this.#lookInto(value);
    if (isHeld) {
      this.#looks.set(value, look);
    }
    return look;
  }

  #lookInto(value: unknown): Look {
    const walk = this.#walk;
    walk.begin();
    this.#met.clear();
    this.#isRestless = false;
    this.#add(value);
    walk.followParts((id, share) => {
      const object = this.#met.get(id);
      if (object !== undefined) {
        this.#addInside(object, id, share);
      }
    });
    walk.end();
    this.#met.clear();
    const isBare = typeof value === 'symbol' || typeof value === 'function';
    const hash = finish(walk.hash) >>> 0;
    return {
      content: isBare ? null : hash,
      fingerprint: (finish(walk.identity) >>> 11) * 2 ** 32 + hash,
      isWhole: walk.isWhole,
      isRestless: this.#isRestless,
    };
  }

  #add(value: unknown): void {
    const walk = this.#walk;
    walk.room -= 1;
    switch (typeof value) {
      case 'number':
        this.#addNumber(value);
        return;
      case 'string':
        walk.mix(marks.text);
        walk.mix(this.#hashText(value));
        return;
      case 'boolean':
        this.#addConstant(1, value ? 1 : 0);
        return;
      case 'undefined':
        this.#addConstant(3, 0);
        return;
      case 'symbol':
        walk.mix(marks.symbol);
        walk.mix(this.#hashText(value.description ?? ''));
        walk.identify(this.#symbolId(value));
        return;
      case 'bigint':
        this.#addBigint(value);
        return;
      case 'object':
      case 'function':
        this.#addHolder(value);
    }
  }

  #addHolder(value: unknown): void {
    if (!isObject(value)) {
      this.#addConstant(2, 0); // null
      return;
    }
    const id = this.#idOf(value);
    this.#met.set(id, value);
    this.#walk.addHolder(id, true);
  }

  /** Of what has no content but what it is. */
  #addConstant(tag: number, payload: number): void {
    this.#walk.mix(marks.none - tag * 0x10001);
    this.#walk.mix(payload);
  }

  #addNumber(number: number): void {
    if ((number | 0) === number && !Object.is(number, -0)) {
      this.#walk.mix(number);
      return;
    }
    this.#float[0] = number;
    this.#walk.hash ^= marks.number;
    this.#walk.mixFloat(this.#floatWords[0] ?? 0, this.#floatWords[1] ?? 0);
  }

  /** 32 bits at a time, as many as its sign needs too. */
  #addBigint(value: bigint): void {
    const limbs: number[] = [];
    let rest = value;
    do {
      limbs.push(Number(BigInt.asIntN(32, rest)));
      rest >>= 32n;
    } while (
      !(rest === 0n && (limbs.at(-1) ?? 0) >= 0) &&
      !(rest === -1n && (limbs.at(-1) ?? 0) < 0)
    );
    this.#walk.mix(limbs.length - tags.bigint);
    limbs.forEach((limb) => this.#walk.mix(limb));
    this.#walk.room -= limbs.length === 1 ? 0 : limbs.length >>> 4;
  }

  #hashText(text: string): number {
    const { bulk } = this.#walk;
    if (text.length >= bytesPerLook) {
      const number = this.#loaded.get(text);
      if (number !== undefined) {
        return loadedMark + number;
      }
      if (!this.#walk.takeRun(text.length)) {
        return bulk.hashPiecesOf(text.length, (start, length) => ({
          units: toUnits(text.slice(start, start + length)),
          start: 0,
          length,
        }));
      }
    }
    return bulk.hashText({ units: toUnits(text), start: 0, length: text.length });
  }

  #addInside(object: object, id: number, share: number): void {
    const kind = this.#kindOf(object);
    this.#walk.identify(id);
    this.#walk.mix(kind);
    this.#isRestless ||= isRestless(kind);
    this.#addOwn(object, kind, share);
    if (kind !== classes.proxy) {
      this.#addProperties(object, kind, share);
      if (this.#types.holdsHidden(object)) {
        this.#addHidden(object);
      }
    }
  }

  #kindOf(object: object): number {
    const { types } = this.#types;
    if (types.isProxy(object)) {
      return classes.proxy;
    }
    if (typeof object === 'function') {
      return types.isAsyncFunction(object)
        ? asyncKind
        : types.isGeneratorFunction(object)
          ? generatorKind
          : functionKind;
    }
    if (Array.isArray(object)) {
      return classes.array;
    }
    return this.#kindOfBuiltIn(object);
  }

  #kindOfBuiltIn(object: object): number {
    const { types, isIterator } = this.#types;
    const checks: readonly (readonly [(value: unknown) => boolean, number])[] = [
      [types.isNativeError, kindOfError],
      [types.isMap, classes.map],
      [types.isSet, classes.set],
      [types.isDate, classes.date],
      [types.isRegExp, classes.regExp],
      [types.isPromise, classes.promise],
      [types.isNumberObject, classes.number],
      [types.isStringObject, classes.number + 1],
      [types.isBooleanObject, classes.number + 2],
      [types.isSymbolObject, classes.symbol],
      [types.isBigIntObject, classes.bigint],
      [types.isArrayBuffer, classes.arrayBuffer],
      [types.isSharedArrayBuffer, classes.sharedArrayBuffer],
      [types.isDataView, classes.dataView],
      [types.isArgumentsObject, classes.arguments],
      [types.isModuleNamespaceObject, classes.moduleNamespace],
      [types.isWeakMap, classes.firstRestless],
      [types.isWeakSet, classes.firstRestless + 1],
      [types.isMapIterator, classes.firstRestless + 2],
      [types.isSetIterator, classes.firstRestless + 3],
      [types.isGeneratorObject, classes.lastRestless],
      [isIterator, classes.lastRestless - 1],
    ];
    if (types.isTypedArray(object)) {
      const at = typedNames.indexOf(this.#types.typedName(object));
      return classes.firstTypedArray + Math.max(at, 0);
    }
    return checks.find(([check]) => check(object))?.[1] ?? kindOfObject;
  }

  /** What an object of such a class keeps beside its properties. */
  #addOwn(object: object, kind: number, share: number): void {
    const { read } = this.#types;
    if (kind === classes.array || kind === classes.arguments) {
      this.#addItems(object, share);
    } else if (kind >= classes.firstTypedArray && kind < classes.dataView) {
      this.#addBytes(read.bytesOf(object), kind === classes.float64Array);
    } else if (
      kind === classes.dataView ||
      kind === classes.arrayBuffer ||
      kind === classes.sharedArrayBuffer
    ) {
      this.#addBytes(read.bytesOf(object), false);
    } else if (kind === classes.map || kind === classes.set) {
      this.#addRecords(object, kind === classes.map, share);
    } else if (
      kind === classes.date ||
      (kind >= classes.number && kind <= classes.symbol) ||
      kind === classes.bigint
    ) {
      this.#add(read.primitiveOf(object));
    } else if (kind === classes.regExp) {
      const [source, flags] = read.patternOf(object);
      this.#walk.mix(this.#hashText(source));
      const all = flags | (/\(\?<[^=!]/.test(source) ? namedGroups : 0);
      this.#walk.mix(all & 0xff);
      this.#walk.mix(all >>> 8);
    } else if (kind === classes.promise) {
      const details = read.promiseOf(object);
      this.#walk.mix(details[0]);
      this.#add(details[1]);
    } else if (kind === classes.proxy) {
      this.#add(read.targetOf(object));
    } else if (isCallable(kind)) {
      this.#walk.mix(marks.callable);
    }
  }

  /** The engine copies texts in private fields to show them: beside large ones, all that has such counts as changed. */
  #addHidden(object: object): void {
    if (this.#hiddenLooks >= maxHiddenLooks) {
      this.#walk.isWhole = false;
      return;
    }
    this.#hiddenLooks += 1;
    const found = this.#longest > maxCopiedChars ? null : this.#types.readHidden(object);
    if (found === null) {
      this.#isRestless = true;
      return;
    }
    for (let at = 0; at < found.length; at += 1) {
      this.#add(found[at]);
    }
  }

  #addItems(list: object, share: number): void {
    const length = this.#types.lengthOf(list);
    this.#walk.mix(length);
    this.#walk.isWhole &&= length <= share;
    const taken = Math.min(length, share);
    for (let item = 0; item < taken; item += 1) {
      const at = length <= share ? item : Math.floor((item * (length - 1)) / (share - 1));
      this.#addProperty(Object.getOwnPropertyDescriptor(list, at));
    }
  }

  #addRecords(object: object, hasValues: boolean, share: number): void {
    const { read } = this.#types;
    const size = read.sizeOf(object);
    this.#walk.mix(size);
    this.#walk.isWhole &&= size <= share;
    const stride = Math.ceil(size / share);
    let number = 0;
    read.each(object, (value, key) => {
      if (number++ % stride !== 0) {
        return;
      }
      this.#add(key);
      if (hasValues) {
        this.#add(value);
      }
    });
  }

  #addBytes(view: readonly [ArrayBuffer, number, number | undefined], areFloats: boolean): void {
    const { bulk } = this.#walk;
    // Where the copy begins at a word, floats can be read.
    const run = { units: new Uint8Array(...view).slice(), start: 0, length: 0 };
    run.length = run.units.length;
    this.#walk.mix(run.length);
    if (!this.#walk.takeRun(run.length)) {
      this.#walk.mix(bulk.hashPieces(run));
    } else {
      this.#walk.mix(areFloats ? bulk.hashFloats(run) : bulk.hashBytes(run));
    }
  }

  /** Those of an object; of one that can be called only what is enumerable. */
  #addProperties(object: object, kind: number, share: number): void {
    const walk = this.#walk;
    const isList = kind === classes.array || kind === classes.arguments;
    const isIndexed = isList || (kind >= classes.firstTypedArray && kind < classes.dataView);
    const keys = isIndexed
      ? copyList(this.#types.namesBesideItems(object))
      : Reflect.ownKeys(object);
    if (kind === classes.array) {
      keys.unshift(lengthName);
    }
    const found = keys
      .filter((key, at) => at === 0 || key !== lengthName || kind !== classes.array)
      .map((key) => ({ key, property: Object.getOwnPropertyDescriptor(object, key) }));
    if (found.length === 0) {
      return;
    }
    const isPlain = found.every(
      ({ key, property }) =>
        property !== undefined &&
        'value' in property &&
        (property.enumerable === true || (key === lengthName && kind === classes.array)),
    );
    if (!isCallable(kind) && isPlain) {
      walk.mix(found.reduce((hash, { key }) => addWord(hash, this.#hashKey(key)), found.length));
      this.#addRun(
        found.map(({ property }): unknown => property?.value),
        share,
      );
      return;
    }
    for (const { key, property } of found) {
      const isShown = property?.enumerable === true;
      if (!isShown && (isCallable(kind) || isBuiltIn(key, property))) {
        continue;
      }
      if (walk.room <= 0) {
        walk.isWhole = false;
        return;
      }
      walk.mix(this.#hashKey(key));
      this.#addProperty(property);
    }
  }

  #addRun(values: readonly unknown[], share: number): void {
    const count = values.length;
    this.#walk.mix(count);
    if (count <= share) {
      values.forEach((value) => this.#add(value));
      return;
    }
    this.#walk.isWhole = false;
    for (let item = 0; item < share; item += 1) {
      this.#add(values[Math.floor((item * (count - 1)) / (share - 1))]);
    }
  }

  #addProperty(property: PropertyDescriptor | undefined): void {
    if (property === undefined || 'value' in property) {
      this.#add(property?.value);
      return;
    }
    const { accessor } = marks;
    const pair: { readonly get?: unknown; readonly set?: unknown } = property;
    this.#walk.mix(accessor);
    for (const one of [pair.get, pair.set]) {
      this.#walk.identify(isObject(one) ? this.#idOf(one) : 0);
    }
  }

  #hashKey(key: string | symbol): number {
    if (typeof key === 'symbol') {
      return this.#hashText(key.description ?? '');
    }
    const number = Number(key);
    const isNumber =
      number >= 0 && number < 2 ** 31 && String(number) === key && Number.isInteger(number);
    return isNumber ? addWord(seed, number | -0x80000000) : this.#hashText(key);
  }

  #idOf(object: object): number {
    let id = this.#ids.get(object);
    if (id === undefined) {
      id = this.#lastId += 1;
      this.#ids.set(object, id);
    }
    return id;
  }

  #symbolId(symbol: symbol): number {
    let id = this.#symbolIds.get(symbol);
    if (id === undefined) {
      id = this.#lastId += 1;
      this.#symbolIds.set(symbol, id);
    }
    return id;
  }
}

/** By class id from `firstTypedArray`. */
const typedNames = [
  ...['Uint8ClampedArray', 'Int8Array', 'Uint8Array', 'Int16Array', 'Uint16Array', 'Int32Array'],
  ...['Uint32Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array', 'Float32Array'],
  'Float64Array',
];

/** Methods and stacks: where an error was made is told by its line, and differs with the runner's own frames. */
function isBuiltIn(key: string | symbol, property: PropertyDescriptor | undefined): boolean {
  if (key === 'stack') {
    return true;
  }
  return property !== undefined && 'value' in property && typeof property.value === 'function';
}

/** Of the realm of the code, whose own methods are not to be called. */
function copyList<T>(list: ArrayLike<T>): T[] {
  const copy: T[] = [];
  for (let at = 0; at < list.length; at += 1) {
    copy[at] = list[at] as T; // below its length
  }
  return copy;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function toUnits(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    units[at] = text.charCodeAt(at);
  }
  return units;
}
