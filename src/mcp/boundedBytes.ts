// The bytes of one message as they come: all of them up to a bound, beyond it only both its ends.

/** Enough for the members beside `params` and `result` in every known client's messages. */
const endBytes = 64 * 1024;

export type MessageBytes =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** It was over the bound. `head` and `tail` may overlap. */
  | { readonly kind: 'large'; readonly head: Buffer; readonly tail: Buffer };

export class BoundedBytes {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #size = 0;
  /** Set once the bound is passed. */
  #ends: { readonly head: Buffer; tail: Buffer } | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(piece: Buffer): void {
    this.#size += piece.length;
    if (this.#ends) {
      this.#ends.tail = lastOf(Buffer.concat([this.#ends.tail, lastOf(piece)]));
      return;
    }
    this.#pieces.push(piece);
    if (this.#size > this.#maxBytes) {
      const all = Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#ends = { head: Buffer.from(all.subarray(0, endBytes)), tail: Buffer.from(lastOf(all)) };
    }
  }

  /** What has come since the last `take`. */
  take(): MessageBytes {
    const taken: MessageBytes = this.#ends
      ? { kind: 'large', ...this.#ends }
      : { kind: 'whole', bytes: Buffer.concat(this.#pieces) };
    this.#pieces = [];
    this.#size = 0;
    this.#ends = null;
    return taken;
  }
}

function lastOf(bytes: Buffer): Buffer {
  return bytes.subarray(Math.max(0, bytes.length - endBytes));
}
