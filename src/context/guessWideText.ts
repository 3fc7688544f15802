// Chinese, Japanese and Korean in one or two bytes a character: told by which characters the bytes make up.

import { decodeBytes } from './encodingNames';

export interface WideGuess {
  readonly encoding: string;
  /** Enough distinct characters, all of the encoding and nearly all usual, that nothing else would have. */
  readonly isCertain: boolean;
  readonly others: readonly string[];
}

/** Distinct characters: fewer come about by chance in words of one byte a character. */
const leastChars = 4;
const sureChars = 16;
/** Of the distinct characters, those that are usual in the language. */
const usualShare = 0.8;

/** Lines as Latin-1; null where no such encoding reads them. */
export function guessWideText(lines: readonly string[]): WideGuess | null {
  const encodings = [findKorean, findJapanese, findChinese, findTaiwanese, findShiftJis];
  for (const find of encodings) {
    const found = find(lines);
    if (found !== null && isStrictly(lines, found.encoding)) {
      return found;
    }
  }
  return null;
}

/** Every line is valid; of many, one in fifty may be damaged or cut. */
function isStrictly(lines: readonly string[], encoding: string): boolean {
  const bad = lines.filter((line) =>
    /[\x80-\x9f\ufffd\ue000-\uf8ff]/u.test(decodeBytes(Buffer.from(line, 'latin1'), encoding)),
  );
  return bad.length * 50 <= lines.length;
}

/** Distinct pairs of bytes, the first beyond ASCII. */
function findPairs(lines: readonly string[], pattern: RegExp): readonly string[] {
  return [...new Set(lines.flatMap((line) => line.match(pattern) ?? []))];
}

function share(all: readonly string[], pattern: RegExp): number {
  return all.filter((pair) => pattern.test(pair)).length / Math.max(1, all.length);
}

const pairs = /[\x80-\xff][^]?/gu;

/** Without punctuation, which rows A1 to A3 hold in all four. */
function findWords(lines: readonly string[]): readonly string[] {
  return findPairs(lines, pairs).filter((pair) => !/^[\xa1-\xa3]/u.test(pair));
}

/**
 * Letters of Cyrillic in KOI8 lie in C0 to FF; of pairs of them none has a lower second byte, of
 * characters of two bytes about a third has.
 */
function isSpread(words: readonly string[]): boolean {
  return share(words, /^.[\x40-\xbf]$/u) >= 0.1;
}

/** Letters of one byte stand before ASCII ones; of characters of two bytes, a fifth ends in one. */
function isLatin(words: readonly string[]): boolean {
  return share(words, /^.[a-z]$/u) > 0.4;
}

function findKorean(lines: readonly string[]): WideGuess | null {
  const words = findWords(lines);
  const hangul = share(words, /^[\xb0-\xc8][\xa1-\xfe]$/u);
  if (words.length < leastChars || hangul < 0.9 || !isSpread(words)) {
    return null;
  }
  const isCertain = words.length >= sureChars && hangul >= 0.95;
  return { encoding: 'euc-kr', isCertain, others: ['gb18030', 'euc-jp'] };
}

function findJapanese(lines: readonly string[]): WideGuess | null {
  const words = findWords(lines);
  const kana = share(words, /^[\xa4\xa5][\xa1-\xfe]$/u);
  const usual = share(words, /^[\xa4\xa5\xb0-\xcf][\xa1-\xfe]$/u);
  if (words.length < leastChars || usual < usualShare || !isSpread(words)) {
    return null;
  }
  // Without kana, Chinese has it too; but a quarter of its characters lies beyond.
  if (kana < 0.15 && (usual < 1 || words.length < 6)) {
    return null;
  }
  const isCertain = kana >= 0.15 && words.length >= sureChars / 2 && usual >= 0.85;
  return { encoding: 'euc-jp', isCertain, others: ['gb18030', 'euc-kr'] };
}

function findChinese(lines: readonly string[]): WideGuess | null {
  const words = findWords(lines);
  const usual = share(words, /^[\xb0-\xd7][\xa1-\xfe]$/u);
  if (words.length < leastChars || usual < usualShare || !isSpread(words)) {
    return null;
  }
  const isCertain =
    words.length >= sureChars && usual >= 0.85 && share(words, /^[\xd0-\xd7]/u) >= 0.08;
  return { encoding: 'gb18030', isCertain, others: ['euc-jp', 'euc-kr', 'big5'] };
}

function findTaiwanese(lines: readonly string[]): WideGuess | null {
  const words = findWords(lines);
  const usual = share(words, /^[\xa4-\xc6][\x40-\x7e\xa1-\xfe]$/u);
  if (words.length < leastChars || usual < usualShare || !isSpread(words) || isLatin(words)) {
    return null;
  }
  const isCertain =
    words.length >= sureChars && usual >= 0.9 && share(words, /^.[\x40-\x7e]$/u) >= 0.15;
  return { encoding: 'big5', isCertain, others: ['gb18030', 'euc-kr'] };
}

function findShiftJis(lines: readonly string[]): WideGuess | null {
  const punctuation = /^\x81[\x40-\x49\x5b\x63\x69\x6a\x75-\x78]$/u;
  const words = findPairs(lines, /[\xa1-\xdf]|[\x80-\xff][^]?/gu).filter(
    (pair) => !punctuation.test(pair),
  );
  const kanaPattern = /^(?:\x82[\x9f-\xf1]|\x83[\x40-\x96])$/u;
  const kana = share(words, kanaPattern);
  const usual = kana + share(words, /^[\x88-\x97][\x40-\xfc]$/u);
  if (words.length < leastChars || usual < usualShare || isLatin(words)) {
    return null;
  }
  const isCertain = usual >= 0.9 && words.length >= sureChars / 2 && kana >= 0.2;
  return { encoding: 'shift_jis', isCertain, others: ['gb18030', 'cp437'] };
}
