// Lines out of a stream of bytes. A line that is too long is not kept: its two ends are, since they say what it was.

export interface LongLine {
  readonly head: string;
  readonly tail: string;
  readonly bytes: number;
}

export interface LineListener {
  line(text: string): void;
  longLine(line: LongLine): void;
}

const newline = 0x0a;
const keptEndBytes = 4_096;

export class LineSplitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  #long: { readonly head: Buffer; tail: Buffer } | null = null;

  constructor(
    private readonly listener: LineListener,
    private readonly maxBytes: number,
  ) {}

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#add(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  #add(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#long) {
      this.#long.tail = endOf(Buffer.concat([this.#long.tail, endOf(piece)]));
      return;
    }
    if (piece.length > 0) {
      this.#parts.push(piece);
    }
    if (this.#bytes > this.maxBytes) {
      const all = Buffer.concat(this.#parts);
      this.#long = { head: all.subarray(0, keptEndBytes), tail: endOf(all) };
      this.#parts = [];
    }
  }

  #finish(): void {
    const long = this.#long;
    const bytes = this.#bytes;
    const text = Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    this.#long = null;
    if (long) {
      this.listener.longLine({ head: long.head.toString(), tail: long.tail.toString(), bytes });
    } else if (text.trim() !== '') {
      this.listener.line(text);
    }
  }
}

/** A copy, so that the chunk that it was cut from is not held. */
function endOf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(Math.max(0, bytes.length - keptEndBytes)));
}
