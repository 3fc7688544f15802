// Strings in a guest's memory, read and written in place. The layout is that of the pinned build, whose
// hash is checked when the extension is built.

import type { QuickJSFFI } from '@jitl/quickjs-ng-wasmfile-release-sync/ffi';
import type { MemoryViews } from './memoryViews';

/** Where the guest holds a value. */
export type ValuePointer =
  | ReturnType<QuickJSFFI['QTS_NewString']>
  | ReturnType<QuickJSFFI['QTS_ArgvGetJSValueConstPointer']>;

// A NaN-boxed value is [pointer, tag]. A flat string is [references, length | wide << 31, … | kind << 28, …],
// then its characters; of another kind are strings that are a part of another.
const stringTag = -7;
const headerBytes = 28;
const wideBit = 1 << 31;

export class FlatStrings {
  readonly #memory: MemoryViews;
  readonly #found: { units: Uint8Array | Uint16Array; start: number } = {
    units: new Uint8Array(),
    start: 0,
  };

  constructor(memory: MemoryViews) {
    this.#memory = memory;
  }

  /** Tells flat strings apart as objects; 0 for any other value. Valid while the string lives. */
  addressOf(value: ValuePointer): number {
    this.#memory.refresh();
    const { words } = this.#memory;
    return words[(value >>> 2) + 1] === stringTag ? (words[value >>> 2] ?? 0) >>> 0 : 0;
  }

  /** The text of a short string that is flat or a part of a flat one; undefined for any other value. */
  read(value: ValuePointer, maxChars: number): string | undefined {
    const length = this.#locate(value);
    if (length === -1 || length > maxChars) {
      return undefined;
    }
    const { units, start } = this.#found;
    if (length > 32) {
      const chars = units.subarray(start, start + length) as unknown as number[]; // any array-like
      return String.fromCharCode.apply(null, chars);
    }
    let text = ''; // quicker than the above for few
    for (let unit = start; unit < start + length; unit++) {
      text += String.fromCharCode(units[unit] ?? 0);
    }
    return text;
  }

  /** Leaves in `#found` where the units are; their number, or −1 for what is no such string. */
  #locate(value: ValuePointer): number {
    this.#memory.refresh();
    const { words, halves, bytes } = this.#memory;
    const at = value >>> 2;
    const header = (words[at] ?? 0) >>> 2;
    const size = words[header + 1] ?? 0;
    const kind = kindOf(words[header + 2]);
    if (words[at + 1] !== stringTag || kind > 1) {
      return -1;
    }
    // A part tells the string it is of, and how many bytes of that come before it.
    const part = header + headerBytes / 4;
    const whole = kind === 0 ? header : (words[part] ?? 0) >>> 2;
    if (kindOf(words[whole + 2]) !== 0) {
      return -1;
    }
    const first = (whole << 2) + headerBytes + (kind === 0 ? 0 : (words[part + 1] ?? 0));
    const isWide = size < 0;
    this.#found.units = isWide ? halves : bytes;
    this.#found.start = isWide ? first >>> 1 : first >>> 0;
    return size & ~wideBit;
  }

  /**
   * The characters of a string that the guest has just made and nobody has read yet, to be written
   * in place. That saves a second copy in a memory that never shrinks.
   * @throws Error when `value` is not such a string of `filler`s.
   */
  open(value: ValuePointer, length: number, filler: string): Uint8Array {
    const width = filler.charCodeAt(0) > 0xff ? 2 : 1;
    const address = this.addressOf(value);
    const { words, bytes } = this.#memory;
    const start = address + headerBytes;
    const chars = bytes.subarray(start, start + length * width);
    const unit = filler.charCodeAt(0);
    const isFiller = (at: number): boolean =>
      chars[at] === (unit & 0xff) && (width === 1 || chars[at + 1] === unit >>> 8);
    const isFlat =
      address !== 0 && words[(address >>> 2) + 1] === (length | (width === 2 ? wideBit : 0));
    if (!isFlat || !isFiller(0) || !isFiller((length - 1) * width)) {
      throw new Error('The engine lays out strings in another way than expected.');
    }
    return chars;
  }
}

/** Of a string: 0 flat, 1 a part of a flat one. */
function kindOf(flags = 0): number {
  return (flags >>> 28) & 3;
}
