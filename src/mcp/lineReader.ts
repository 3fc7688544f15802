// Cuts a stream of bytes into lines, in memory that is bounded.

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export class LineReader {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Tells every line that `chunk` completes, without its end; null: a line over the bound. */
  add(chunk: Buffer, tell: (line: Buffer | null) => void): void {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      this.#keep(chunk.subarray(from, end));
      const line = this.#size > this.#maxBytes ? null : trimEnd(Buffer.concat(this.#pieces));
      this.#pieces = [];
      this.#size = 0;
      from = end + 1;
      tell(line);
    }
    this.#keep(chunk.subarray(from));
  }

  #keep(piece: Buffer): void {
    this.#size += piece.length;
    if (this.#size > this.#maxBytes) {
      this.#pieces = [];
    } else {
      this.#pieces.push(piece);
    }
  }
}

function trimEnd(line: Buffer): Buffer {
  return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}
