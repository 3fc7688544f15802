// The lines that carry bytes over a terminal: each says what it is, has a number and a checksum, and holds nothing
// that a terminal acts upon. A shell's greetings and what code writes to the terminal are no such lines.
//   data    D<number> <base64> <checksum>    numbered from 0 in each direction
//   taken   A<next>  <checksum>              all before this number have arrived
//   resume  R<next>  <checksum>              the same, and what follows is to be sent again
// Before each stands the byte 2, after it a line feed. Source: terminal.py of the guest, which speaks the same.

const mark = 2;
const lineFeed = 10;
/** More than any line that the guest sends. */
const maxLineBytes = 2 ** 17;

export type LineKind = 'D' | 'A' | 'R';

export interface TerminalLine {
  readonly kind: LineKind;
  readonly number: number;
  readonly body: Buffer;
}

export function encodeLine({ kind, number, body }: TerminalLine): Buffer {
  const text = `${kind}${number} ${body.toString('base64')}`;
  return Buffer.from(`\x02${text} ${toChecksum(text)}\n`, 'latin1');
}

interface LineListener {
  onLine(line: TerminalLine): void;
  /** A line of ours that did not arrive whole. */
  onDamage(): void;
  /** What is no line of ours. */
  onNoise(text: string): void;
}

/** Finds lines in the pieces of a stream. */
export class LineReader {
  readonly #listener: LineListener;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(listener: LineListener) {
    this.#listener = listener;
  }

  push(piece: Buffer): void {
    let from = 0;
    for (let end = piece.indexOf(lineFeed); end !== -1; end = piece.indexOf(lineFeed, from)) {
      this.#pieces.push(piece.subarray(from, end));
      from = end + 1;
      this.#take(Buffer.concat(this.#pieces));
      this.#pieces = [];
      this.#bytes = 0;
    }
    const rest = piece.subarray(from);
    this.#bytes += rest.length;
    if (this.#bytes > maxLineBytes) {
      this.#pieces = []; // no line is as long; its end will be damage, or noise
      this.#bytes = 0;
      this.#listener.onDamage();
    } else if (rest.length > 0) {
      this.#pieces.push(rest);
    }
  }

  /** What is yet without an end will have none. */
  clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }

  #take(line: Buffer): void {
    const at = line.lastIndexOf(mark);
    if (at === -1) {
      this.#listener.onNoise(line.toString('utf8'));
      return;
    }
    const parsed = parseLine(line.toString('latin1', at + 1));
    if (parsed) {
      this.#listener.onLine(parsed);
    } else {
      this.#listener.onDamage();
    }
  }
}

function parseLine(text: string): TerminalLine | null {
  const end = text.lastIndexOf(' ');
  const head = text.slice(0, Math.max(end, 0));
  if (text.slice(end + 1) !== toChecksum(head)) {
    return null;
  }
  const found = /^([DAR])(\d{1,15}) ([A-Za-z0-9+/]*={0,2})$/u.exec(head);
  if (!found) {
    return null;
  }
  const [, kind, number, body = ''] = found;
  return { kind: kind as LineKind, number: Number(number), body: Buffer.from(body, 'base64') }; // one of three letters
}

const polynomial = 0xedb88320;
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  }
  return value;
});

/** CRC-32 of a text of single bytes. Node has it built in from 20.15 on only. */
function toChecksum(text: string): string {
  let value = 0xffffffff;
  for (let at = 0; at < text.length; at += 1) {
    value = (table[(value ^ text.charCodeAt(at)) & 0xff] ?? 0) ^ (value >>> 8);
  }
  return ((value ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}
