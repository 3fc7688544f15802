// Byte order marks, and how much of some bytes is UTF-8. Looks at bytes in memory only.

export interface ByteOrderMark {
  readonly encoding: string;
  readonly bytes: number;
}

// Longer marks first: UTF-32LE begins like UTF-16LE.
const marks: readonly { readonly encoding: string; readonly mark: Buffer }[] = [
  { encoding: 'utf-32le', mark: Buffer.from([0xff, 0xfe, 0x00, 0x00]) },
  { encoding: 'utf-32be', mark: Buffer.from([0x00, 0x00, 0xfe, 0xff]) },
  { encoding: 'gb18030', mark: Buffer.from([0x84, 0x31, 0x95, 0x33]) },
  { encoding: 'utf-8', mark: Buffer.from([0xef, 0xbb, 0xbf]) },
  { encoding: 'utf-16le', mark: Buffer.from([0xff, 0xfe]) },
  { encoding: 'utf-16be', mark: Buffer.from([0xfe, 0xff]) },
];

/**
 * A mark of UTF-16 counts unless what follows is nearly all ASCII: then two odd bytes begin the text.
 * Null: there is no mark.
 */
export function readByteOrderMark(head: Buffer): ByteOrderMark | null {
  const found = marks.find(({ mark }) => head.subarray(0, mark.length).equals(mark));
  if (found === undefined) {
    return null;
  }
  const { encoding, mark } = found;
  const isFalse = encoding.startsWith('utf-16') && isNearlyAscii(head.subarray(mark.length));
  return isFalse ? null : { encoding, bytes: mark.length };
}

/**
 * UTF-16 that holds a space, a digit or a line end has a zero byte, and of the bytes of Chinese or Japanese
 * about half are printable.
 */
function isNearlyAscii(bytes: Buffer): boolean {
  if (bytes.includes(0) || (bytes.length < minAsciiBytes && bytes.length % 2 === 0)) {
    return false;
  }
  const plain = bytes.filter((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13));
  return plain.length >= bytes.length * 0.9;
}

/** Fewer are taken for ASCII only when they are no whole units of UTF-16. */
const minAsciiBytes = 8;

/** Whether the bytes, which are not valid UTF-8, are UTF-8 with some damage rather than something else. */
export function isDamagedUtf8(bytes: Buffer): boolean {
  const { characters, strayBytes } = countUtf8(bytes);
  return characters > strayBytes;
}

/** Well-formed characters of two bytes and more. */
export function countUtf8Characters(bytes: Buffer): number {
  return countUtf8(bytes).characters;
}

/** Bytes beyond ASCII that are part of no well-formed character. */
export function countStrayBytes(bytes: Buffer): number {
  return countUtf8(bytes).strayBytes;
}

interface Utf8Count {
  /** Well-formed sequences of two bytes and more. */
  readonly characters: number;
  readonly strayBytes: number;
}

function countUtf8(bytes: Buffer): Utf8Count {
  let characters = 0;
  let strayBytes = 0;
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      at += 1;
      continue;
    }
    const length = utf8Length(lead);
    if (length > 1 && hasContinuations(bytes, at, length)) {
      characters += 1;
      at += length;
    } else {
      strayBytes += 1;
      at += 1;
    }
  }
  return { characters, strayBytes };
}

function hasContinuations(bytes: Buffer, at: number, length: number): boolean {
  for (let next = at + 1; next < at + length; next += 1) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) {
      return false;
    }
  }
  return true;
}

/** Bytes of the UTF-8 sequence that `lead` begins; 1 for ASCII and for what begins none. */
function utf8Length(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) {
    return 2;
  }
  if (lead >= 0xe0 && lead <= 0xef) {
    return 3;
  }
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 1;
}

/** How many of the bytes end on a whole UTF-8 character: a cut one at the end, at most 3 bytes, is left out. */
export function completeUtf8Length(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) !== 0x80) {
      return utf8Length(byte) > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}
