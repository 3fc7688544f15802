// Whether the session's code has changed what the runner stands on: its dicts, classes and functions, by the
// words in which the interpreter keeps them. Each change of a dict gives it another version there.

import * as layout from './pythonLayout';

/** A kind (dict, class, function) and an address. */
const watchedObject = /^([dcf])(\d{1,10})$/;

export class PythonWatch {
  readonly #readMemory: () => ArrayBuffer;
  /** Where the watched words begin and end. */
  readonly #places: (readonly [begin: number, end: number])[] = [];
  #words = new Int32Array();
  #known: Int32Array | null = null;

  constructor(readMemory: () => ArrayBuffer) {
    this.#readMemory = readMemory;
  }

  /** Only the first time: before any code of the session runs. */
  watch(objects: string): boolean {
    if (this.#known !== null) {
      return false;
    }
    this.#open();
    for (const one of objects.split(' ')) {
      const [, kind, address] = watchedObject.exec(one) ?? [];
      const at = Number(address) >>> 2;
      const { begin, end } = kind === 'f' ? layout.watchedOfFunction : layout.watchedOfDict;
      const from = kind === 'c' ? (this.#words[at + layout.type.dict] ?? 0) >>> 2 : at;
      this.#places.push([from + begin, from + end]);
      if (kind === 'c') {
        this.#places.push([at + layout.type.dict, at + layout.type.dict + 1]);
      }
    }
    this.#known = this.#read();
    return true;
  }

  isSame(): boolean {
    this.#open();
    const known = this.#known ?? [];
    let number = 0;
    for (const [begin, end] of this.#places) {
      for (let at = begin; at < end; at += 1) {
        if (this.#words[at] !== known[number]) {
          return false;
        }
        number += 1;
      }
    }
    return number > 0;
  }

  #read(): Int32Array {
    return Int32Array.from(
      this.#places.flatMap(([begin, end]) => [...this.#words.subarray(begin, end)]),
    );
  }

  #open(): void {
    const buffer = this.#readMemory();
    if (this.#words.buffer !== buffer) {
      this.#words = new Int32Array(buffer);
    }
  }
}
