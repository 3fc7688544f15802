// Context bytes as they arrive, on SharedArrayBuffers that workers read in place.

import type { ContextFeed } from '../protocol/contextFeed';

const firstBytes = 1_048_576;
/** A hint is only a hint: files may say any size. */
const maxReservedBytes = 512 * 1_048_576;

/** One growing run of bytes; where room was reserved, each byte is copied once. */
class ContextBuffer {
  #bytes = new Uint8Array(new SharedArrayBuffer(0));
  #used = 0;

  reserve(totalBytes: number): void {
    if (totalBytes > this.#bytes.length) {
      const larger = new Uint8Array(new SharedArrayBuffer(totalBytes));
      larger.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = larger;
    }
  }

  append(part: Uint8Array): void {
    const needed = this.#used + part.length;
    if (needed > this.#bytes.length) {
      this.reserve(Math.max(needed, this.#bytes.length * 2, firstBytes));
    }
    this.#bytes.set(part, this.#used);
    this.#used = needed;
  }

  rewind(offset: number): void {
    this.#used = Math.min(offset, this.#used);
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }
}

/** Receives contexts by key and hands each over once, when it has ended. */
export class ContextInbox implements ContextFeed {
  readonly #open = new Map<number, ContextBuffer>();
  readonly #ended = new Map<number, Uint8Array>();
  readonly #waiting = new Map<number, (bytes: Uint8Array) => void>();

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
    const bytes = this.#buffer(contextKey).view();
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

  take(contextKey: number): Promise<Uint8Array> {
    const bytes = this.#ended.get(contextKey);
    this.#ended.delete(contextKey);
    return bytes
      ? Promise.resolve(bytes)
      : new Promise((resolve) => this.#waiting.set(contextKey, resolve));
  }

  #buffer(contextKey: number): ContextBuffer {
    const known = this.#open.get(contextKey);
    if (known) {
      return known;
    }
    const buffer = new ContextBuffer();
    this.#open.set(contextKey, buffer);
    return buffer;
  }
}
