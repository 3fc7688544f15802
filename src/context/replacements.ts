// Counts characters that are U+FFFD in the bytes themselves, so that they are told from those put in
// place of bytes that an encoding cannot map.

/** Of encodings that can write U+FFFD; units of one byte can stand anywhere. */
interface Writing {
  readonly character: Buffer;
  readonly unitBytes: number;
}

const writings: Readonly<Record<string, Writing>> = {
  'utf-8': { character: Buffer.from([0xef, 0xbf, 0xbd]), unitBytes: 1 },
  'utf-16le': { character: Buffer.from([0xfd, 0xff]), unitBytes: 2 },
  'utf-16be': { character: Buffer.from([0xff, 0xfd]), unitBytes: 2 },
  'utf-32le': { character: Buffer.from([0xfd, 0xff, 0x00, 0x00]), unitBytes: 4 },
  'utf-32be': { character: Buffer.from([0x00, 0x00, 0xff, 0xfd]), unitBytes: 4 },
};

const utf8 = Buffer.from('\ufffd');

/** Within whole UTF-8 characters. */
export function countReplacements(text: Buffer): number {
  return countAligned(text, { character: utf8, unitBytes: 1 });
}

/** Takes the bytes of one text piece by piece, cut anywhere. */
export class OwnReplacements {
  readonly #encoding: string;
  /** The end of the pieces so far that may go on in the next. */
  #open = Buffer.alloc(0);
  #count = 0;

  constructor(encoding: string) {
    this.#encoding = encoding;
  }

  get count(): number {
    return this.#count;
  }

  add(piece: Buffer): void {
    if (this.#encoding === 'gb18030') {
      this.#addGb18030(Buffer.concat([this.#open, piece]));
      return;
    }
    const writing = writings[this.#encoding];
    if (writing === undefined) {
      return;
    }
    const bytes = Buffer.concat([this.#open, piece]);
    this.#count += countAligned(bytes, writing);
    const { character, unitBytes } = writing;
    // The rest is shorter than a character, so that none is counted twice.
    const rest =
      unitBytes === 1 ? Math.min(bytes.length, character.length - 1) : bytes.length % unitBytes;
    this.#open = Buffer.from(bytes.subarray(bytes.length - rest));
  }

  /** Its characters of four bytes must be stepped through: their bytes also stand inside others. */
  #addGb18030(bytes: Buffer): void {
    let at = 0;
    for (let length = gb18030Length(bytes, at); length > 0; length = gb18030Length(bytes, at)) {
      this.#count += length === 4 && bytes.readUInt32BE(at) === gb18030Replacement ? 1 : 0;
      at += length;
    }
    this.#open = Buffer.from(bytes.subarray(at));
  }
}

const gb18030Replacement = 0x84_31_a4_37;

/** Of the character at a place, one byte for what is none; 0 where the bytes end before it does. */
function gb18030Length(bytes: Buffer, at: number): number {
  const [first, second, third, fourth] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (first === undefined) {
    return 0;
  }
  if (!isLead(first)) {
    return 1;
  }
  if (second === undefined) {
    return 0;
  }
  if (!isDigit(second)) {
    return second >= 0x40 && second !== 0x7f && second !== 0xff ? 2 : 1;
  }
  if (third === undefined || (isLead(third) && fourth === undefined)) {
    return 0;
  }
  return isLead(third) && fourth !== undefined && isDigit(fourth) ? 4 : 1;
}

function isLead(byte: number): boolean {
  return byte >= 0x81 && byte <= 0xfe;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function countAligned(bytes: Buffer, { character, unitBytes }: Writing): number {
  let count = 0;
  for (let at = bytes.indexOf(character); at >= 0;) {
    const isWhole = at % unitBytes === 0;
    count += isWhole ? 1 : 0;
    at = bytes.indexOf(character, at + (isWhole ? character.length : 1));
  }
  return count;
}
