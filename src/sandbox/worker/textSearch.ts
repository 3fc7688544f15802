// grep and BM25 over decoded texts: offsets, lines and scores. Pure; guest/grep.guest.txt and
// guest/rank.guest.txt find the same in texts that only the guest has.

import type { GrepArgs, PlaceColumns, SearchArgs } from '../../protocol/worker';
import { TextIndex, createOffsets, nextIndex, splitsPair } from './textPositions';

export interface SourceText {
  /** Index of the source within its context. */
  readonly index: number;
  readonly text: string;
  /** Kept with the text, so that later searches count nothing twice. */
  readonly textIndex?: TextIndex;
}

/** Places, a column a field. */
export interface Hits {
  readonly sources: readonly number[];
  /** Offsets in the source's text, half open. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** 1-based, of the start. */
  readonly lines: readonly number[];
  /** Where that line begins. Only of grep. */
  readonly lineStarts: readonly number[];
  /** Only of search. */
  readonly scores: readonly number[];
}

export interface Found {
  readonly hits: Hits;
  /** There was more than asked for. */
  readonly truncated: boolean;
}

export function toColumns({ sources, starts, ends, lines, lineStarts }: Hits): PlaceColumns {
  const columns = [sources, starts, ends, lines, lineStarts];
  const packed = new Uint32Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    packed.set(column, at);
    at += column.length;
  }
  return packed;
}

/** All matches in order. @throws SyntaxError when the pattern is none. */
export function grepTexts(
  sources: Iterable<SourceText>,
  args: Pick<GrepArgs, 'pattern' | 'flags' | 'maxMatches' | 'unit'>,
): Found {
  const flags = args.flags.includes('g') ? args.flags : `${args.flags}g`;
  const pattern = new RegExp(args.pattern, flags);
  const byCodePoint = /[uv]/.test(flags);
  const hits = createHits();
  for (const { index, text, textIndex = new TextIndex(text) } of sources) {
    const toUnit = createOffsets(textIndex, args.unit);
    const toLineUnit = createOffsets(textIndex, args.unit); // a line begins before the last match
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      if (hits.starts.length >= args.maxMatches) {
        return { hits, truncated: true };
      }
      const start = match.index;
      const end = start + match[0].length;
      const { line, start: lineStart } = textIndex.findLine(start);
      hits.sources.push(index);
      hits.starts.push(toUnit(start));
      hits.ends.push(toUnit(end));
      hits.lines.push(line);
      hits.lineStarts.push(toLineUnit(lineStart));
      if (end === start) {
        pattern.lastIndex = nextIndex(text, end, byCodePoint);
      }
    }
  }
  return { hits, truncated: false };
}

/**
 * Windows of whole lines (a longer line is cut) that hold words of the query, by Okapi BM25 over all
 * sources; best first, equal ones by position. Words are runs of letters, digits and `_`.
 */
export function rankTexts(
  sources: Iterable<SourceText>,
  args: Pick<SearchArgs, 'query' | 'maxHits' | 'windowChars' | 'unit'>,
): Found {
  const terms = [...new Set(args.query.match(/[\p{L}\p{N}_]+/gu)?.map((one) => one.toLowerCase()))];
  if (terms.length === 0) {
    return { hits: createHits(), truncated: false };
  }
  const count = new WindowCount(terms, args.windowChars);
  for (const source of sources) {
    count.add(source);
  }
  const ranked = count.rank();
  const best = ranked.slice(0, args.maxHits);
  return { hits: toHits(best, args.unit), truncated: ranked.length > best.length };
}

interface CountedWindow {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
  /** By term. */
  readonly counts: Uint32Array;
}

interface RankedWindow extends CountedWindow {
  readonly score: number;
}

/** Counts words by window in one pass over each text; keeps only windows that hold some. */
class WindowCount {
  readonly #terms: ReadonlyMap<string, number>;
  readonly #words: RegExp;
  readonly #windowChars: number;
  readonly #windows: CountedWindow[] = [];
  /** How many windows hold a term, by term. */
  readonly #having: Uint32Array;
  #totalWindows = 0;
  #totalChars = 0;

  constructor(terms: readonly string[], windowChars: number) {
    this.#terms = new Map(terms.map((term, number) => [term, number]));
    // Longest first, so that a longer word is not taken for the shorter one that it begins with.
    const alternatives = [...terms].sort((left, right) => right.length - left.length);
    this.#words = new RegExp(alternatives.join('|'), 'giu');
    this.#windowChars = windowChars;
    this.#having = new Uint32Array(terms.length);
  }

  add(source: SourceText): void {
    const { text } = source;
    const words = this.#words;
    let bounds = { start: 0, end: windowEnd(text, 0, this.#windowChars) };
    let current: CountedWindow | undefined;
    const advance = (position: number): void => {
      while (bounds.end <= position && bounds.end < text.length) {
        bounds = { start: bounds.end, end: windowEnd(text, bounds.end, this.#windowChars) };
        this.#totalWindows += 1;
        current = undefined;
      }
    };
    this.#totalChars += text.length;
    this.#totalWindows += text.length > 0 ? 1 : 0;
    words.lastIndex = 0;
    for (let match = words.exec(text); match !== null; match = words.exec(text)) {
      const term = this.#terms.get(match[0].toLowerCase());
      if (term !== undefined && isWholeWord(text, match.index, match.index + match[0].length)) {
        advance(match.index);
        current ??= this.#open(source, bounds);
        this.#count(current, term);
      }
    }
    advance(text.length - 1);
  }

  rank(): RankedWindow[] {
    const meanChars = this.#totalChars / this.#totalWindows;
    const weights = Array.from(this.#having, (having) =>
      Math.log(1 + (this.#totalWindows - having + 0.5) / (having + 0.5)),
    );
    return this.#windows
      .map((window) => ({ ...window, score: scoreWindow(window, weights, meanChars) }))
      .sort((left, right) => right.score - left.score); // stable: equal ones stay in order
  }

  #open(source: SourceText, bounds: { start: number; end: number }): CountedWindow {
    const window = { source, ...bounds, counts: new Uint32Array(this.#having.length) };
    this.#windows.push(window);
    return window;
  }

  #count({ counts }: CountedWindow, term: number): void {
    const before = counts[term] ?? 0;
    counts[term] = before + 1;
    if (before === 0) {
      this.#having[term] = (this.#having[term] ?? 0) + 1;
    }
  }
}

/** Okapi BM25, k1 = 1.2, b = 0.75, length in characters. */
function scoreWindow(
  { start, end, counts }: CountedWindow,
  weights: readonly number[],
  meanChars: number,
): number {
  const length = 1.2 * (0.25 + (0.75 * (end - start)) / meanChars);
  const score = weights.reduce((sum, weight, term) => {
    const times = counts[term] ?? 0;
    return sum + (weight * times * 2.2) / (times + length);
  }, 0);
  return Math.round(score * 1e6) / 1e6; // engines' logarithms differ in the last digit
}

function windowEnd(text: string, start: number, windowChars: number): number {
  const limit = start + windowChars;
  if (limit >= text.length) {
    return text.length;
  }
  const newline = text.slice(start, limit).lastIndexOf('\n');
  if (newline !== -1) {
    return start + newline + 1;
  }
  return splitsPair(text, limit) ? limit - 1 : limit;
}

const wordChar = /[\p{L}\p{N}_]/u;

function isWholeWord(text: string, start: number, end: number): boolean {
  return (
    !isWordAt(text, splitsPair(text, start - 1) ? start - 2 : start - 1) && !isWordAt(text, end)
  );
}

function isWordAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at); // NaN outside the text
  if (unit < 128) {
    const isLetter = (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
    return isLetter || (unit >= 48 && unit <= 57) || unit === 95;
  }
  return wordChar.test(String.fromCodePoint(text.codePointAt(at) ?? 32));
}

function createHits() {
  const column = (): number[] => [];
  return {
    sources: column(),
    starts: column(),
    ends: column(),
    lines: column(),
    lineStarts: column(),
    scores: column(),
  } satisfies Hits;
}

/** Lines and offsets of ranked windows, found in text order so that one pass over each text does. */
function toHits(ranked: readonly RankedWindow[], unit: GrepArgs['unit']): Hits {
  const hits = createHits();
  const inOrder = ranked
    .map((window, rank) => ({ window, rank }))
    .sort(
      ({ window: left }, { window: right }) =>
        left.source.index - right.source.index || left.start - right.start,
    );
  let source: SourceText | undefined;
  let index = new TextIndex('');
  let toUnit = createOffsets(index, unit);
  for (const { window, rank } of inOrder) {
    if (source !== window.source) {
      source = window.source;
      index = source.textIndex ?? new TextIndex(source.text);
      toUnit = createOffsets(index, unit);
    }
    hits.sources[rank] = source.index;
    hits.starts[rank] = toUnit(window.start);
    hits.ends[rank] = toUnit(window.end);
    hits.lines[rank] = index.findLine(window.start).line;
    hits.scores[rank] = window.score;
  }
  return hits;
}
