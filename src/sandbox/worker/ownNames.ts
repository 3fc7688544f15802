// The enumerable properties of a guest's object, counted and named out of the guest's memory: the engine makes a
// list of all names first, which takes milliseconds where there are tens of thousands.

import type { ValuePointer } from './flatStrings';
import type { GuestAtoms } from './guestAtoms';
import * as layout from './guestLayout';
import type { MemoryViews } from './memoryViews';

const { classes, tags } = layout;
/** The engine keeps the elements of these elsewhere, as long as this flag is set. */
const withElements: ReadonlySet<number> = new Set([classes.array, classes.arguments]);
const unknown: ReadonlySet<number> = new Set([
  classes.mappedArguments,
  classes.moduleNamespace,
  classes.proxy,
]);
const maxChars = 20_000;
/** Longer ones are of no interest, and are cut. */
const maxNameChars = 501;

export class OwnNames {
  readonly #memory: MemoryViews;
  readonly #atoms: GuestAtoms;
  readonly #remembered = new Map<number, readonly [payload: number, tag: number]>();

  constructor(memory: MemoryViews, atoms: GuestAtoms) {
    this.#memory = memory;
    this.#atoms = atoms;
  }

  /** How many there are beside items; −1 where only the engine can tell, or where some are symbols. */
  count(value: ValuePointer): number {
    const entries = this.#open(value);
    let count = entries === null ? -1 : 0;
    for (let at = entries?.first ?? 0; at < (entries?.end ?? 0) && count !== -1; at += 2) {
      const atom = this.#shownAt(at);
      const isText = atom < 0 || atom === 0 || this.#atoms.isText(atom);
      count = isText ? count + (atom === 0 ? 0 : 1) : -1;
    }
    return count;
  }

  /** The first of them, numbers before others, as JSON; undefined where that is long. */
  first(value: ValuePointer, limit: number): string | undefined {
    const { first, end } = this.#open(value) ?? { first: 0, end: 0 };
    const numbers: number[] = [];
    const names: string[] = [];
    let chars = 0;
    for (let at = first; at < end; at += 2) {
      const atom = this.#shownAt(at);
      if (atom < 0) {
        numbers.push(atom & 0x7fffffff);
      } else if (atom > 0 && names.length < limit) {
        chars += this.#lengthOf(this.#atoms.stringOf(atom));
        if (chars > maxChars) {
          return undefined;
        }
        names.push(this.#textOf(atom));
      }
    }
    numbers.sort((left, right) => left - right);
    return JSON.stringify([...numbers.slice(0, limit).map(String), ...names].slice(0, limit));
  }

  /** How many properties there are by any name, beside items. */
  countAll(value: ValuePointer): number {
    const entries = this.#open(value);
    let count = 0;
    for (let at = entries?.first ?? 0; at < (entries?.end ?? 0); at += 2) {
      count += this.#memory.words[at + 1] === 0 ? 0 : 1;
    }
    return count;
  }

  /** What is in an object now is nothing new to `changed`. */
  remember(value: ValuePointer): void {
    this.#remembered.clear();
    this.#eachValue(value, (atom, payload, tag) => {
      this.#remembered.set(atom, [payload, tag]);
      return true;
    });
  }

  /** At most `limit` names, as JSON, of properties that are new or hold something else than what was remembered. */
  changed(value: ValuePointer, limit: number): string {
    const names: string[] = [];
    this.#eachValue(value, (atom, payload, tag) => {
      const known = this.#remembered.get(atom);
      if (known === undefined || known[0] !== payload || known[1] !== tag) {
        names.push(atom < 0 ? String(atom & 0x7fffffff) : this.#textOf(atom, maxNameChars));
      }
      return names.length < limit;
    });
    return JSON.stringify(names);
  }

  /** Lets enumerable properties of an object whose layout no other shares be defined anew, as the engine itself would. */
  unlock(value: ValuePointer): void {
    const { first, end } = this.#open(value) ?? { first: 0, end: 0 };
    for (let at = first; at < end; at += 2) {
      if (this.#shownAt(at) !== 0) {
        this.#memory.words[at] = (this.#memory.words[at] ?? 0) | layout.property.configurable;
      }
    }
  }

  /** By names that are texts or numbers; accessors and what is made late by what stands for them. */
  #eachValue(
    value: ValuePointer,
    take: (atom: number, payload: number, tag: number) => boolean,
  ): void {
    const { first, end } = this.#open(value) ?? { first: 0, end: 0 };
    const { words } = this.#memory;
    const object = (words[value >>> 2] ?? 0) >>> 2;
    const values = (words[object + layout.object.properties] ?? 0) >>> 2;
    for (let at = first; at < end; at += 2) {
      const atom = words[at + 1] ?? 0;
      if (atom === 0 || (atom > 0 && !this.#atoms.isText(atom))) {
        continue;
      }
      const kind = (words[at] ?? 0) >>> layout.property.kindShift;
      const own = values + (at - first);
      const place =
        kind === layout.property.reference
          ? (words[((words[own] ?? 0) >>> 2) + layout.reference.value] ?? 0) >>> 2
          : own;
      if (!take(atom, words[place] ?? 0, words[place + 1] ?? 0)) {
        return;
      }
    }
  }

  /** Where the names of an object are. */
  #open(value: ValuePointer): { readonly first: number; readonly end: number } | null {
    this.#memory.refresh();
    const { words } = this.#memory;
    const object = (words[value >>> 2] ?? 0) >>> 2;
    const header = words[object + layout.object.header] ?? 0;
    const kind = header >>> 16;
    const isSlow = withElements.has(kind) && (header & layout.object.fastArray) === 0;
    if (words[(value >>> 2) + 1] !== tags.object || unknown.has(kind) || isSlow) {
      return null;
    }
    const shape = (words[object + layout.object.shape] ?? 0) >>> 2;
    const first = shape + layout.shape.properties;
    return { first, end: first + 2 * (words[shape + layout.shape.count] ?? 0) };
  }

  /** Zero for a property that is not enumerable, or is gone. */
  #shownAt(entry: number): number {
    const flags = this.#memory.words[entry] ?? 0;
    return (flags & layout.property.enumerable) === 0 ? 0 : (this.#memory.words[entry + 1] ?? 0);
  }

  #lengthOf(string: number): number {
    return (this.#memory.words[string + layout.string.size] ?? 0) & 0x7fffffff;
  }

  #textOf(atom: number, limit = maxChars): string {
    const { words, halves, bytes } = this.#memory;
    const at = this.#atoms.stringOf(atom);
    const size = words[at + layout.string.size] ?? 0;
    const start = (at + layout.string.characters) * 4;
    const length = Math.min(this.#lengthOf(at), limit);
    const first = size < 0 ? start >>> 1 : start;
    const units = (size < 0 ? halves : bytes).subarray(first, first + length);
    let text = '';
    for (const unit of units) {
      text += String.fromCharCode(unit);
    }
    return text;
  }
}
