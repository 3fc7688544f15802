// Hashes of many bytes at once, in four lanes as xxHash32 does: another byte anywhere gives another hash,
// up to chance. Of equal bytes it is the same wherever they lie.

const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
/** Pieces of what is too long to be hashed whole. */
const pieces = 64;
const pieceBytes = 1_024;
const keptScratchBytes = 2 ** 20;

/** One step of a lane: takes in 32 bits. */
export function addWord(hash: number, word: number): number {
  const sum = (hash + Math.imul(word, prime2)) | 0;
  return Math.imul((sum << 13) | (sum >>> 19), prime1);
}

/** Spreads what a lane has taken in over all its bits. */
export function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), prime2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), prime3);
  return mixed ^ (mixed >>> 16);
}

/** Bytes anywhere in a buffer, or the units of a text. */
export interface Run<T extends Uint8Array | Uint16Array = Uint8Array> {
  units: T;
  start: number;
  length: number;
}

export class BulkHash {
  #words: Int32Array = new Int32Array();
  #scratch = new Int32Array(1_024);

  /** The same of a text whether its units take one byte each or two. */
  hashText(text: Run<Uint8Array | Uint16Array>): number {
    const { units, start, length } = text;
    if (units instanceof Uint8Array) {
      return this.hashBytes({ units, start, length });
    }
    if (isWide(units, start, length)) {
      const hash = this.hashBytes({ units: bytesOf(units), start: start * 2, length: length * 2 });
      return addWord(hash, length);
    }
    const narrow = this.#makeRoom(length);
    for (let at = 0; at < length; at += 1) {
      narrow[at] = units[start + at] ?? 0;
    }
    return hashAligned(this.#scratch, 0, length);
  }

  hashBytes({ units, start, length }: Run): number {
    const begin = units.byteOffset + start;
    if ((begin & 3) === 0) {
      return hashAligned(this.#wordsOf(units), begin, length);
    }
    this.#makeRoom(length).set(units.subarray(start, start + length));
    return hashAligned(this.#scratch, 0, length);
  }

  /** Of evenly spaced pieces, where all of it would take too long. */
  hashPieces({ units, start, length }: Run<Uint8Array | Uint16Array>): number {
    return this.hashPiecesOf(length, (from, count) => ({
      units,
      start: start + from,
      length: count,
    }));
  }

  /** The same of a text that lies in parts; `read` gives that many units of it, in any form. */
  hashPiecesOf(
    length: number,
    read: (start: number, length: number) => Run<Uint8Array | Uint16Array>,
  ): number {
    let hash = addWord(prime1, length);
    const stride = (length - pieceBytes) / (pieces - 1);
    for (let piece = 0; piece < pieces; piece += 1) {
      hash = addWord(hash, this.hashText(read(Math.floor(piece * stride), pieceBytes)));
    }
    return hash;
  }

  /** A float that is no number has many forms. */
  hashFloats({ units, start, length }: Run): number {
    const words = this.#wordsOf(units);
    const end = (start + length) >>> 2;
    let low = prime1;
    let high = prime2;
    for (let at = start >>> 2; at < end; at += 2) {
      const one = words[at] ?? 0;
      const two = words[at + 1] ?? 0;
      const isNumber = (two & 0x7ff00000) !== 0x7ff00000 || ((two & 0xfffff) | one) === 0;
      low = addWord(low, isNumber ? one : 0);
      high = addWord(high, isNumber ? two : 0x7ff80000);
    }
    return finish(addWord(addWord(low, high), length));
  }

  #wordsOf({ buffer }: Uint8Array): Int32Array {
    if (this.#words.buffer !== buffer) {
      this.#words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
    }
    return this.#words;
  }

  #makeRoom(bytes: number): Uint8Array {
    const isTooLarge = this.#scratch.byteLength > keptScratchBytes && bytes <= keptScratchBytes;
    if (this.#scratch.byteLength < bytes + 4 || isTooLarge) {
      this.#scratch = new Int32Array(Math.max(1_024, (bytes >>> 2) + 2));
    }
    return new Uint8Array(this.#scratch.buffer);
  }
}

/** Of bytes that begin at a word; without those beyond the end that share its last word. */
export function hashAligned(words: Int32Array, byteStart: number, byteLength: number): number {
  const whole = (byteStart + byteLength) >>> 2;
  let at = byteStart >>> 2;
  let hash = addWord(prime3, byteLength);
  if (byteLength >= 64) {
    let one = prime1;
    let two = prime2;
    let three = prime3;
    let four = hash;
    for (; at + 4 <= whole; at += 4) {
      one = addWord(one, words[at] ?? 0);
      two = addWord(two, words[at + 1] ?? 0);
      three = addWord(three, words[at + 2] ?? 0);
      four = addWord(four, words[at + 3] ?? 0);
    }
    hash = addWord(addWord(addWord(addWord(hash, one), two), three), four);
  }
  for (; at < whole; at += 1) {
    hash = addWord(hash, words[at] ?? 0);
  }
  const rest = byteLength & 3;
  return finish(rest === 0 ? hash : addWord(hash, (words[at] ?? 0) & ((1 << (8 * rest)) - 1)));
}

function isWide(units: Uint16Array, start: number, length: number): boolean {
  let all = 0;
  for (let at = start; at < start + length; at += 1) {
    all |= units[at] ?? 0;
  }
  return all > 0xff;
}

function bytesOf(units: Uint16Array): Uint8Array {
  return new Uint8Array(units.buffer, units.byteOffset, units.byteLength);
}
