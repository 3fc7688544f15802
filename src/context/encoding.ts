// Tells text from binary, and in which encoding it is. Looks at bytes in memory only.

import { analyse } from 'chardet';
import { encodingExists } from 'iconv-lite';
import { isBinaryFileSync } from 'isbinaryfile';

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

const fallbackEncoding = 'windows-1252';
/** Below it chardet names an encoding for almost anything. Source: short samples of 12 languages. */
const minConfidence = 20;
const sampleBytes = 65_536;

/** As the WHATWG encoding standard reads these labels: the Windows pages hold them and more. */
const widerEncodings: Readonly<Record<string, string>> = {
  'ISO-8859-1': 'windows-1252',
  'ISO-8859-9': 'windows-1254',
};

export function readByteOrderMark(head: Buffer): ByteOrderMark | null {
  const found = marks.find(({ mark }) => head.subarray(0, mark.length).equals(mark));
  return found === undefined ? null : { encoding: found.encoding, bytes: found.mark.length };
}

/** Judges by the first bytes of a file. */
export function isBinary(head: Buffer): boolean {
  if (readByteOrderMark(head) !== null) {
    return false;
  }
  if (head.subarray(0, 8_192).includes(0)) {
    return true;
  }
  // isbinaryfile takes East Asian text outside UTF-8 for binary, for its many high bytes;
  // text has no control bytes, while 512 bytes of compressed or machine code always do.
  return (
    isBinaryFileSync(head, head.length) &&
    (head.subarray(0, 5).equals(Buffer.from('%PDF-')) || head.subarray(0, 512).some(isControlByte))
  );
}

function isControlByte(byte: number): boolean {
  const isSpacing = byte >= 0x07 && byte <= 0x0d;
  const isEscape = byte === 0x1b;
  return (byte < 0x20 && !isSpacing && !isEscape) || byte === 0x7f;
}

/**
 * The encoding of bytes that are not all valid UTF-8. Text that is mostly UTF-8 with some damage
 * stays 'utf-8'; what nothing speaks for is windows-1252, in which every byte is a character.
 */
export function detectEncoding(bytes: Buffer): string {
  const { characters, strayBytes } = countUtf8(bytes);
  if (characters > strayBytes) {
    return 'utf-8';
  }
  const best = analyse(sampleOf(bytes)).find(({ name }) => encodingExists(name));
  if (best === undefined || best.confidence < minConfidence) {
    return fallbackEncoding;
  }
  return widerEncodings[best.name] ?? best.name;
}

/** Lines that hold bytes beyond ASCII: the rest says nothing and drowns the statistics. */
function sampleOf(bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length && total < sampleBytes;) {
    const newline = bytes.indexOf(0x0a, at);
    const end = Math.min(newline < 0 ? bytes.length : newline + 1, at + sampleBytes - total);
    const line = bytes.subarray(at, end);
    if (line.some((byte) => byte >= 0x80)) {
      lines.push(line);
      total += line.length;
    }
    at = end;
  }
  return Buffer.concat(lines);
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
