// Names of encodings: what a label means, and what decodes it.

import { encodingExists, getDecoder } from 'iconv-lite';
import { countEdits } from '../base/editDistance';
import { knownEncodings } from '../core/encodings';
import { RlmError } from '../core/errors';

export const fallbackEncoding = 'windows-1252';

/** Its bytes beyond ASCII are replaced: WHATWG reads the name as windows-1252, which nobody means by it. */
export const asciiEncoding = 'us-ascii';

/** Names that programs write and the WHATWG list does not have. */
const otherNames: Readonly<Record<string, string>> = {
  cp932: 'shift_jis',
  cp936: 'gbk',
  cp949: 'euc-kr',
  cp950: 'big5',
  cp874: 'windows-874',
  cp65001: 'utf-8',
  'utf-8-sig': 'utf-8',
  latin9: 'iso-8859-15',
  'mac-roman': 'macintosh',
  macroman: 'macintosh',
  'mac-cyrillic': 'x-mac-cyrillic',
  maccyrillic: 'x-mac-cyrillic',
  'iso-8859-16': 'iso-8859-16', // on the list; the TextDecoder of Node 20 does not know it
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  'utf-16-le': 'utf-16le',
  utf16be: 'utf-16be',
  'utf-16-be': 'utf-16be',
  utf32le: 'utf-32le',
  utf32be: 'utf-32be',
  ascii: asciiEncoding,
  'us-ascii': asciiEncoding,
  'ansi_x3.4-1968': asciiEncoding,
  'iso646-us': asciiEncoding,
  utf32: 'utf-32le',
  'utf-32': 'utf-32le',
  'utf-32le': 'utf-32le',
  'utf-32be': 'utf-32be',
};

/** Pages of DOS and the Macintosh that iconv-lite knows and the WHATWG list leaves out. */
const codePages: ReadonlySet<string> = new Set([
  ...[437, 720, 737, 775, 808, 850, 852, 855, 856, 857, 858, 860, 861, 862, 863, 864, 865].map(
    (page) => `cp${page}`,
  ),
  ...['cp869', 'cp1125', 'maccenteuro', 'macgreek', 'maciceland', 'macturkish', 'macromania'],
  ...['mik', 'viscii', 'tcvn', 'armscii8', 'rk1048', 'pt154', 'koi8-t', 'hproman8'],
]);

/** iconv-lite does not know the first, and has the euro sign in neither of the others. */
const byTextDecoder: ReadonlySet<string> = new Set(['iso-2022-jp', 'macintosh', 'x-mac-cyrillic']);

/** iconv-lite's own names where they differ. */
const decoderNames: Readonly<Record<string, string>> = {
  'iso-8859-8-i': 'iso-8859-8',
  [asciiEncoding]: 'ascii',
};

/** The name of the encoding that a label means, in lower case; null for one that cannot be decoded. */
export function findEncoding(label: string): string | null {
  const plain = label
    .trim()
    .toLowerCase()
    .replace(/^win(?:dows)?[-_ ]?(?=125\d$|874$)/u, 'windows-');
  const spellings = [plain, plain.replaceAll('_', '-'), plain.replace(/[-_](?=\d)/u, '')];
  for (const spelling of spellings) {
    const name = otherNames[spelling] ?? toWhatwgName(spelling);
    if (name !== null && (byTextDecoder.has(name) || encodingExists(toDecoderName(name)))) {
      return name;
    }
    const page = spelling.replace(/^(?:ibm|dos)[-_]?(?=\d)/u, 'cp');
    if (codePages.has(page)) {
      return page;
    }
  }
  return null;
}

function toWhatwgName(label: string): string | null {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/** @throws RlmError 'INVALID_INPUT' naming the nearest. */
export function resolveEncoding(label: string): string {
  const name = findEncoding(label);
  if (name !== null) {
    return name;
  }
  const wanted = label.trim().toLowerCase().slice(0, 100);
  const [nearest] = [...new Set([...knownEncodings, 'latin1', ...codePages])]
    .map((known) => ({ known, slips: countEdits(wanted, known) }))
    .sort((left, right) => left.slips - right.slips);
  throw new RlmError('INVALID_INPUT', `${JSON.stringify(label)} is no encoding that is known.`, {
    nextStep:
      nearest !== undefined && nearest.slips <= Math.max(2, wanted.length / 3)
        ? `Did you mean ${nearest.known}?`
        : 'Give a label such as utf-8, windows-1252, shift_jis or ibm866, or leave it out.',
  });
}

/** Of one or two bytes a character, and of gb18030 four. */
export const twoByteEncodings: ReadonlySet<string> = new Set([
  ...['gbk', 'gb18030', 'big5', 'euc-kr', 'euc-jp', 'shift_jis'],
]);

/** Decodes piece by piece; what it cannot map becomes U+FFFD, and marks at the start stay. */
export interface PieceDecoder {
  write(bytes: Buffer): string;
  end(): string;
}

export function createDecoder(encoding: string): PieceDecoder {
  if (byTextDecoder.has(encoding)) {
    const decoder = new TextDecoder(encoding, { ignoreBOM: true });
    return {
      write: (bytes) => decoder.decode(bytes, { stream: true }),
      end: () => decoder.decode(),
    };
  }
  const decoder = getDecoder(toDecoderName(encoding), { stripBOM: false });
  const pieces = { write: (bytes: Buffer) => decoder.write(bytes), end: () => decoder.end() ?? '' };
  return twoByteEncodings.has(encoding) ? cutBetweenCharacters(pieces) : pieces;
}

/** So many bytes without an end of a line, a space or a comma are cut anywhere. */
const maxHeldBytes = 1_048_576;
/** Below it no byte is part of a longer character in any of `twoByteEncodings`. */
const firstPartByte = 0x30;

/**
 * iconv-lite makes room for one UTF-16 unit a byte of the piece. One that ends a character of two units
 * which the piece before began, and holds ASCII else, would lose its last unit.
 */
function cutBetweenCharacters(decoder: PieceDecoder): PieceDecoder {
  let held = Buffer.alloc(0);
  return {
    write: (bytes) => {
      const all = Buffer.concat([held, bytes]);
      const plain = all.findLastIndex((byte) => byte < firstPartByte);
      const end = plain < 0 && all.length >= maxHeldBytes ? all.length : plain + 1;
      held = Buffer.from(all.subarray(end));
      return decoder.write(all.subarray(0, end));
    },
    end: () => decoder.write(held) + decoder.end(),
  };
}

/** The whole of `bytes` at once. */
export function decodeBytes(bytes: Buffer, encoding: string): string {
  const decoder = createDecoder(encoding);
  return decoder.write(bytes) + decoder.end();
}

function toDecoderName(encoding: string): string {
  return decoderNames[encoding] ?? encoding;
}
