/* eslint-disable no-control-regex -- they are told from text */
// The encoding of bytes that say nothing of themselves and are not UTF-8, by what they look like.

import { chardet } from 'jschardet';
import { decodeBytes, fallbackEncoding } from './encodingNames';
import { guessWideText } from './guessWideText';
import { findHighLines } from './highLines';
import { blankLines, hasFrames } from './lineDrawing';

export interface EncodingGuess {
  readonly encoding: string;
  /** All but characters of two bytes that verify themselves: any bytes are text in pages of one byte. */
  readonly isDoubtful: boolean;
  /** Others that would read them, likeliest first. */
  readonly others: readonly string[];
}

/** The detector's names, and ours: the wider page where one holds the other, as WHATWG reads them. */
const names: Readonly<Record<string, string>> = {
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
  'iso8859-13': 'windows-1257',
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

/** One that has the lines of `hasFrames`. */
const isDosPage = (encoding: string): boolean => /^(?:cp|ibm)/u.test(encoding);
/** Of the same languages as windows-1252. */
const westernDosPages = ['cp437', 'cp850'];

/** Longer says no more. */
const maxBytes = 65_536;
/** Distinct words beyond ASCII: with fewer, a Latin text is taken for windows-1252. */
const leastWords = 5;
const manyWords = 20;
/** By how much the likeliest is before windows-1252, if it is the page of the text's language. */
const clearly = 1.4;
/** Letters beyond ASCII of languages that windows-1252 is the page of, and of Turkish read as such. */
const alphabets: readonly RegExp[] = [
  ...[/^[áéíóúüñ]*$/u, /^[áàâãéêíóôõúüç]*$/u, /^[àâæçéèêëîïôœùûüÿ]*$/u, /^[äöüßé]*$/u],
  ...[/^[æøåéäö]*$/u, /^[àèéìòù]*$/u, /^[áéíóúýþæöð]*$/u, /^[äëïöüéèáóíê]*$/u],
];
const turkish = /^[ýþðçöüâîû]*$/u;
/** Latin pages that are in use beside windows-1252. */
const usualLatin: ReadonlySet<string> = new Set([
  ...['windows-1250', 'windows-1254', 'windows-1257', 'iso-8859-2'],
]);

/**
 * A text that is repeated, or has ASCII lines among it, is guessed the same. Characters of two bytes
 * come first, and windows-1252 where it reads as text of a Latin alphabet.
 */
export function guessEncoding(sample: Buffer): EncodingGuess {
  const lines = findHighLines(sample);
  const wide = guessWideText(lines);
  if (wide !== null) {
    const others = [...new Set([...wide.others, fallbackEncoding])];
    return { encoding: wide.encoding, isDoubtful: !wide.isCertain, others };
  }
  const bytes = Buffer.from(lines.join('\n'), 'latin1').subarray(0, maxBytes);
  const isDrawn = hasFrames(bytes);
  const ranked = isDrawn
    ? rankEncodings(blankLines(bytes), isDosPage)
    : rankEncodings(bytes, () => true);
  const encoding = isDrawn ? chooseDosPage(ranked, bytes) : chooseOne(ranked, bytes);
  const text = decodeBytes(bytes, encoding);
  const others = ranked
    .filter((rival) => rival.encoding !== encoding && decodeBytes(bytes, rival.encoding) !== text)
    .map((rival) => rival.encoding)
    .filter((rival) => rival !== fallbackEncoding)
    .slice(0, 3);
  return {
    encoding,
    isDoubtful: true,
    others: encoding === fallbackEncoding ? others : [fallbackEncoding, ...others],
  };
}

/** Of a text with frames: that of a western language, if it reads so, for most differ in few letters. */
function chooseDosPage(ranked: readonly Ranked[], bytes: Buffer): string {
  const words = blankLines(bytes);
  return (
    westernDosPages.find((page) => readsWestern(words, page)) ?? ranked[0]?.encoding ?? 'cp437'
  );
}

/** The letters are of one alphabet, and the words are words. */
function readsWestern(bytes: Buffer, encoding: string): boolean {
  const text = decodeBytes(bytes, encoding);
  return isOfOneAlphabet(text) && countOddWords(text).odd === 0 && readsWhole(bytes, encoding);
}

function isOfOneAlphabet(text: string): boolean {
  const letters = findHighLetters(text);
  return alphabets.some((alphabet) => alphabet.test(letters));
}

/** Letters beyond ASCII, in lower case. */
function findHighLetters(text: string): string {
  return text.replace(/[\x00-\x7fµªº]|\P{L}/gu, '').toLowerCase();
}

function chooseOne(ranked: readonly Ranked[], bytes: Buffer): string {
  const [best] = ranked;
  const western = decodeBytes(bytes, fallbackEncoding);
  const { words, odd } = countOddWords(western);
  if (best === undefined || (words === 0 && readsWhole(bytes, fallbackEncoding))) {
    return fallbackEncoding;
  }
  if (odd * 20 > words || !readsWhole(bytes, fallbackEncoding)) {
    const isMacintosh = best.encoding.startsWith('mac') && !readsWestern(bytes, best.encoding);
    const dosPage = westernDosPages.find((page) => isMacintosh && readsWestern(bytes, page));
    return dosPage ?? best.encoding;
  }
  if (isOfOneAlphabet(western)) {
    return fallbackEncoding;
  }
  const letters = findHighLetters(western);
  const isRanked = ranked.some(({ encoding }) => encoding === 'windows-1254');
  if (turkish.test(letters) && isRanked) {
    return 'windows-1254';
  }
  if (usualLatin.has(best.encoding) && words >= leastWords) {
    const plain = ranked.find(({ encoding }) => encoding === fallbackEncoding);
    if (words >= manyWords || best.weight >= (plain?.weight ?? 0) * clearly) {
      return best.encoding;
    }
  }
  return fallbackEncoding;
}

interface Ranked {
  readonly encoding: string;
  readonly weight: number;
  readonly oddShare: number;
}

/** Likeliest first; only encodings in which the words of the bytes are words, as far as in any. */
function rankEncodings(bytes: Buffer, isWanted: (encoding: string) => boolean): readonly Ranked[] {
  const found = chardet.detectAll(bytes, {
    includeEncodings: Object.keys(names),
    preferSuperset: false,
    compatNames: false,
    ignoreThreshold: true,
  });
  const ranked = new Map<string, Ranked>();
  for (const { encoding: label, confidence: weight } of found) {
    const encoding = names[label?.toLowerCase() ?? ''];
    const isNew = encoding !== undefined && !ranked.has(encoding) && isWanted(encoding);
    if (isNew && readsWhole(bytes, encoding)) {
      const { words, odd } = countOddWords(decodeBytes(bytes, encoding));
      ranked.set(encoding, { encoding, weight, oddShare: odd / Math.max(1, words) });
    }
  }
  const all = [...ranked.values()];
  const least = Math.min(...all.map(({ oddShare }) => oddShare));
  return all.filter(({ oddShare }) => oddShare <= least + 0.1);
}

/** All but what is damaged, or cut at the ends of a long sample, is a character. */
function readsWhole(sample: Buffer, encoding: string): boolean {
  const text = decodeBytes(sample, encoding);
  const odd = text.match(/[\u0080-\u009f\ufffd\ue000-\uf8ff]/gu)?.length ?? 0;
  return odd * 500 <= text.length;
}

/** Of the distinct words that leave ASCII, those that no language has. */
function countOddWords(text: string): { readonly words: number; readonly odd: number } {
  const plain = text.replace(/[’\u00ad]|(?<=l)·(?=l)/gu, "'");
  const all = new Set(plain.match(/[^\s\x00-\x26\x28-\x2f\x3a-\x40]+/gu) ?? []);
  const words = [...all].filter((word) => /[^\x00-\x7f]/u.test(word));
  return { words: words.length, odd: words.filter(isOddWord).length };
}

function isOddWord(word: string): boolean {
  return (
    /\p{L}[^\p{L}\p{M}\x00-\x7f]\p{L}/u.test(word) || // a sign that parts a word
    /\p{Ll}(?![\x00-\x7f])\p{Lu}|(?![\x00-\x7f])\p{Lu}{2,40}\p{Ll}{2}|\p{Ll}(?<![\x00-\x7f])[A-Z]/u.test(
      word,
    ) ||
    /(?:(?![\x00-\x7f])\p{Script=Latin}){4}/u.test(word) ||
    (/[a-z]/iu.test(word) && /(?!\p{Script=Latin})[\p{L}]/u.test(word.replace(/[µªº]/gu, ''))) ||
    /^[ŠŽŸœŒ]$|\p{L}[•‚]/u.test(word) ||
    /[¸¨¬¦¤ƒˆ˜†‡¹\u2500-\u25ff]/u.test(word)
  );
}
