// What a container's attached stream carries: pieces of its output and its errors, each after 8 bytes: stream, three
// zeros, length (big endian). Pieces of any size pass as they come; none is kept.

const headBytes = 8;

export class AttachedReader {
  readonly #head = Buffer.alloc(headBytes);
  #filled = 0;
  #left = 0;
  readonly #take: (stream: 1 | 2, piece: Buffer) => void;

  constructor(take: (stream: 1 | 2, piece: Buffer) => void) {
    this.#take = take;
  }

  /** False once it holds what no server sends. */
  push(piece: Buffer): boolean {
    for (let at = 0; at < piece.length;) {
      if (this.#left === 0) {
        const copied = piece.copy(this.#head, this.#filled, at);
        at += copied;
        this.#filled += copied;
        if (this.#filled === headBytes && !this.#begin()) {
          return false;
        }
        continue;
      }
      const part = piece.subarray(at, at + this.#left);
      at += part.length;
      this.#left -= part.length;
      this.#take(this.#head[0] === 2 ? 2 : 1, part);
    }
    return true;
  }

  #begin(): boolean {
    this.#filled = 0;
    this.#left = this.#head.readUInt32BE(4);
    const [stream = 0, ...zeros] = this.#head.subarray(0, 4);
    return stream <= 2 && zeros.every((zero) => zero === 0);
  }
}
