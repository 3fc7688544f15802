// Context bytes as they arrive, on SharedArrayBuffers that workers read in place.

import type { ContextFeed } from '../protocol/contextFeed';

const firstBytes = 1_048_576;
/** A hint is only a hint: files may say any size. */
const maxReservedBytes = 512 * 1_048_576;

/** Throws a RangeError where the system has not that much memory. */
type Allocate = (byteLength: number) => Uint8Array;

const allocateShared: Allocate = (byteLength) => new Uint8Array(new SharedArrayBuffer(byteLength));

/** One growing run of bytes; where room was reserved in one, each byte is copied once. */
class ContextBuffer {
  readonly #allocate: Allocate;
  #bytes = allocateShared(0);
  #used = 0;
  /** There was no memory for all of it: the rest is not kept either. */
  #failed = false;

  constructor(allocate: Allocate) {
    this.#allocate = allocate;
  }

  /** The first room is made exactly as large as asked; later ones grow by half at least. */
  reserve(totalBytes: number): void {
    if (totalBytes > this.#bytes.length) {
      this.#resize(this.#used === 0 ? totalBytes : this.#toGrown(totalBytes));
    }
  }

  append(part: Uint8Array): void {
    const needed = this.#used + part.length;
    if (needed > this.#bytes.length && !this.#failed) {
      this.#failed = !this.#resize(this.#toGrown(needed)) && !this.#resize(needed);
    }
    if (this.#failed) {
      this.#bytes = allocateShared(0);
      return;
    }
    this.#bytes.set(part, this.#used);
    this.#used = needed;
  }

  rewind(offset: number): void {
    this.#used = Math.min(offset, this.#used);
  }

  /** Null when it did not fit the memory. At most half of what is held on to is unused. */
  finish(): Uint8Array | null {
    if (this.#failed) {
      return null;
    }
    if (this.#used < this.#bytes.length / 2) {
      this.#resize(this.#used);
    }
    return this.#bytes.subarray(0, this.#used);
  }

  #toGrown(needed: number): number {
    return Math.max(needed, this.#bytes.length * 1.5, firstBytes);
  }

  #resize(byteLength: number): boolean {
    try {
      const other = this.#allocate(Math.ceil(byteLength));
      other.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = other;
      return true;
    } catch (thrown) {
      if (thrown instanceof RangeError) {
        return false;
      }
      throw thrown;
    }
  }
}

/** Receives contexts by key and hands each over once, when it has ended. */
export class ContextInbox implements ContextFeed {
  readonly #allocate: Allocate;
  readonly #open = new Map<number, ContextBuffer>();
  readonly #ended = new Map<number, Uint8Array | null>();
  readonly #waiting = new Map<number, (bytes: Uint8Array | null) => void>();

  constructor(allocate: Allocate = allocateShared) {
    this.#allocate = allocate;
  }

  async data(contextKey: number, bytes: Uint8Array): Promise<void> {
    this.#buffer(contextKey).append(bytes);
  }

  reserve(contextKey: number, totalBytes: number): void {
    this.#buffer(contextKey).reserve(Math.min(totalBytes, maxReservedBytes));
  }

  rewind(contextKey: number, offset: number): void {
    this.#buffer(contextKey).rewind(offset);
  }

  end(contextKey: number): void {
    const bytes = this.#buffer(contextKey).finish();
    this.#open.delete(contextKey);
    const waiting = this.#waiting.get(contextKey);
    if (waiting) {
      this.#waiting.delete(contextKey);
      waiting(bytes);
    } else {
      this.#ended.set(contextKey, bytes);
    }
  }

  discard(contextKey: number): void {
    this.#open.delete(contextKey);
    this.#ended.delete(contextKey);
  }

  /** Null when there was no memory for it. */
  take(contextKey: number): Promise<Uint8Array | null> {
    const bytes = this.#ended.get(contextKey);
    this.#ended.delete(contextKey);
    return bytes === undefined
      ? new Promise((resolve) => this.#waiting.set(contextKey, resolve))
      : Promise.resolve(bytes);
  }

  #buffer(contextKey: number): ContextBuffer {
    const known = this.#open.get(contextKey);
    if (known) {
      return known;
    }
    const buffer = new ContextBuffer(this.#allocate);
    this.#open.set(contextKey, buffer);
    return buffer;
  }
}
