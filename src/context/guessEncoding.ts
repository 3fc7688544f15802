/* eslint-disable no-control-regex -- they are told from text */
// The encoding of bytes that say nothing of themselves and are not UTF-8, by what they look like.

import { chardet } from 'jschardet';
import { decodeBytes, fallbackEncoding, twoByteEncodings } from './encodingNames';

export interface EncodingGuess {
  readonly encoding: string;
  /** Whether other encodings would read the bytes as well, or there are too few to tell. */
  readonly isDoubtful: boolean;
  /** Others that would read them, likeliest first. */
  readonly others: readonly string[];
}

/** The detector's names, and ours: the wider page where one holds the other, as WHATWG reads them. */
const names: Readonly<Record<string, string>> = {
  big5hkscs: 'big5',
  cp932: 'shift_jis',
  shift_jis_2004: 'shift_jis',
  cp949: 'euc-kr',
  euc_kr: 'euc-kr',
  euc_jis_2004: 'euc-jp',
  gb18030: 'gb18030',
  cp874: 'windows-874',
  'tis-620': 'windows-874',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1252: 'windows-1252',
  cp1253: 'windows-1253',
  cp1254: 'windows-1254',
  cp1255: 'windows-1255',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp1258: 'windows-1258',
  'koi8-r': 'koi8-r',
  'koi8-u': 'koi8-u',
  'iso8859-1': 'windows-1252',
  'iso8859-2': 'iso-8859-2',
  'iso8859-4': 'iso-8859-4',
  'iso8859-5': 'iso-8859-5',
  'iso8859-6': 'iso-8859-6',
  'iso8859-7': 'iso-8859-7',
  'iso8859-8': 'iso-8859-8',
  'iso8859-9': 'windows-1254',
  'iso8859-13': 'iso-8859-13',
  'iso8859-15': 'iso-8859-15',
  'iso8859-16': 'iso-8859-16',
  'mac-cyrillic': 'x-mac-cyrillic',
  'mac-latin2': 'maccenteuro',
  'mac-roman': 'macintosh',
  'mac-greek': 'macgreek',
  'mac-turkish': 'macturkish',
  cp720: 'cp720',
  cp1125: 'cp1125',
  cp437: 'cp437',
  cp737: 'cp737',
  cp775: 'cp775',
  cp850: 'cp850',
  cp852: 'cp852',
  cp855: 'cp855',
  cp857: 'cp857',
  cp858: 'cp858',
  cp862: 'cp862',
  cp865: 'cp865',
  cp866: 'ibm866',
};

/** Fewer bytes beyond ASCII than this decide nothing. */
const fewHighBytes = 6;

export function guessEncoding(sample: Buffer): EncodingGuess {
  const highBytes = countHighBytes(sample);
  const isFew = isSparse(sample, highBytes);
  const hasRuns = /[\x80-\xff]{2}/u.test(sample.toString('latin1')); // as all text of two bytes a character
  const ranked = rankEncodings(sample).filter(
    ({ encoding }) => (!isFew && hasRuns) || !twoByteEncodings.has(encoding),
  );
  const [best] = ranked;
  if (best === undefined || (isFew && readsAsWestern(sample))) {
    const others = ranked.map(({ encoding }) => encoding);
    return {
      encoding: fallbackEncoding,
      isDoubtful: true,
      others: others.filter((name) => name !== fallbackEncoding).slice(0, 3),
    };
  }
  const text = decodeBytes(sample, best.encoding);
  const rivalShare = highBytes < 40 ? 0.9 : highBytes < 400 ? 0.96 : 0.99;
  const rivals = ranked
    .slice(1)
    .filter(
      ({ encoding, weight }) =>
        weight >= best.weight * rivalShare && decodeBytes(sample, encoding) !== text,
    )
    .map(({ encoding }) => encoding);
  return {
    encoding: best.encoding,
    isDoubtful: rivals.length > 0 || highBytes < fewHighBytes,
    others: rivals.slice(0, 3),
  };
}

interface Ranked {
  readonly encoding: string;
  readonly weight: number;
}

/** Likeliest first; only encodings in which every byte of the sample is a character. */
function rankEncodings(sample: Buffer): readonly Ranked[] {
  const found = chardet.detectAll(sample, {
    includeEncodings: Object.keys(names),
    preferSuperset: false,
    compatNames: false,
    ignoreThreshold: true,
  });
  const ranked = new Map<string, number>();
  for (const { encoding, confidence } of found) {
    const name = names[encoding?.toLowerCase() ?? ''];
    if (name !== undefined && !ranked.has(name) && readsWhole(sample, name)) {
      ranked.set(name, confidence);
    }
  }
  return [...ranked].map(([encoding, weight]) => ({ encoding, weight }));
}

/** All but what is damaged, or cut at the ends of a long sample, is a character. */
function readsWhole(sample: Buffer, encoding: string): boolean {
  const text = decodeBytes(sample, encoding);
  const odd = text.match(/[\u0080-\u009f\ufffd\ue000-\uf8ff]/gu)?.length ?? 0;
  return odd * 500 <= text.length;
}

function countHighBytes(sample: Buffer): number {
  let count = 0;
  for (const byte of sample) {
    count += byte >= 0x80 ? 1 : 0;
  }
  return count;
}

/** A few bytes in ASCII, as in a log of an English program: no words that would tell a language. */
function isSparse(sample: Buffer, highBytes: number): boolean {
  return highBytes < fewHighBytes && !/[\x80-\xff]{3}/u.test(sample.toString('latin1'));
}

/** Whether each character beyond ASCII is one that Western text has at such a place. */
function readsAsWestern(sample: Buffer): boolean {
  const text = decodeBytes(sample, fallbackEncoding);
  const inWord = /\p{L}[^\x00-\x7f\p{L}]\p{L}/u; // a sign that parts a word is none
  return readsWhole(sample, fallbackEncoding) && !inWord.test(text.replace(/[’·\u00ad]/gu, "'"));
}
