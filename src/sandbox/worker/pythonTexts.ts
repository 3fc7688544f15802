// Texts of a context written straight into Python's own strings: the guest makes a string of the
// right length and width, and tells where its characters are. That saves a copy of the whole text in
// a memory that never shrinks, and its decoding inside the guest.

import type { LoadMessage } from '../../protocol/worker';
import { type MeasuredText, measureText, writeCodePoints, writeUnits } from './contextText';

/** A message as the guest reads it, and the bytes that follow it. */
export interface OpenedMessage {
  readonly told: object;
  readonly raw: readonly Uint8Array[];
}

/** What the guest is told of one source. */
interface ToldSource {
  readonly path: string;
  readonly lines: number;
  /** Bytes to be read from the device; 0 for a text that is filled. */
  readonly byteLength: number;
  /** The string to be filled is this character, so many times; null: the text is read. */
  readonly filler: string | null;
  readonly codePoints: number;
}

/** Shorter texts are decoded in the guest: a string of one character may be shared there. */
const minFilledChars = 32_768;
const fillers = { ascii: 'x', latin1: '\u00ff', bmp: '\u0100', astral: '\u{10000}' } as const;
const charBytes = { ascii: 1, latin1: 1, bmp: 2, astral: 4 } as const;

export class PythonTexts {
  readonly #readMemory: () => ArrayBufferLike;
  readonly #waiting: MeasuredText[] = [];

  /** `readMemory` gives the guest's memory as it is now: it moves when it grows. */
  constructor(readMemory: () => ArrayBufferLike) {
    this.#readMemory = readMemory;
  }

  open(message: LoadMessage): OpenedMessage {
    const { bytes, sources, ...rest } = message;
    const toldSources: ToldSource[] = [];
    const raw: Uint8Array[] = [];
    let at = 0;
    this.abandon();
    for (const { path, byteLength } of sources) {
      const text = measureText(bytes.subarray(at, at + byteLength));
      at += byteLength;
      const { lines, codePoints, width } = text;
      const isFilled = codePoints >= minFilledChars;
      if (isFilled) {
        this.#waiting.push(text);
      } else {
        raw.push(text.bytes);
      }
      toldSources.push({
        path,
        lines,
        codePoints,
        filler: isFilled ? fillers[width] : null,
        byteLength: isFilled ? 0 : text.bytes.length,
      });
    }
    return { told: { ...rest, sources: toldSources }, raw };
  }

  /** Writes the next waiting text to this address. False when there is none, or no such string. */
  fill(address: number): boolean {
    const next = this.#waiting.shift();
    const chars = next && this.#findString(address, next);
    if (!next || !chars) {
      return false;
    }
    if (next.width === 'astral') {
      writeCodePoints(next, new Uint32Array(chars.buffer, address, next.codePoints));
    } else {
      writeUnits(next, chars);
    }
    return true;
  }

  /** Nothing more is to be filled. */
  abandon(): void {
    this.#waiting.length = 0;
  }

  /** Only what is a string of that filler from end to end, by its first and last character. */
  #findString(address: number, { codePoints, width }: MeasuredText): Uint8Array | null {
    const memory = this.#readMemory();
    const bytes = charBytes[width];
    const end = address + codePoints * bytes;
    if (!Number.isSafeInteger(address) || address < 0 || end > memory.byteLength) {
      return null;
    }
    const chars = new Uint8Array(memory, address, codePoints * bytes);
    const code = fillers[width].codePointAt(0) ?? 0;
    const isFiller = (at: number): boolean => {
      let found = 0;
      for (let index = bytes - 1; index >= 0; index -= 1) {
        found = found * 256 + (chars[at + index] ?? 0);
      }
      return found === code;
    };
    return isFiller(0) && isFiller(chars.length - bytes) ? chars : null;
  }
}
