// Cuts a stream of bytes into lines, in memory that is bounded.

import { BoundedBytes, type MessageBytes } from './boundedBytes';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export class LineReader {
  readonly #line: BoundedBytes;

  constructor(maxBytes: number) {
    this.#line = new BoundedBytes(maxBytes);
  }

  /** Tells every line that `chunk` completes, without its end. */
  add(chunk: Buffer, tell: (line: MessageBytes) => void): void {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      this.#line.add(chunk.subarray(from, end));
      from = end + 1;
      tell(trimEnd(this.#line.take()));
    }
    this.#line.add(chunk.subarray(from));
  }
}

function trimEnd(line: MessageBytes): MessageBytes {
  return line.kind === 'whole' && line.bytes.at(-1) === carriageReturn
    ? { kind: 'whole', bytes: line.bytes.subarray(0, -1) }
    : line;
}
