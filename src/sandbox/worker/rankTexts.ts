// BM25 over decoded texts, cut into windows of whole lines. What is kept grows with the windows that hold
// words of the query only up to a bound; beyond it the texts are gone through a second time.

import type { SearchArgs } from '../../protocol/worker';
import { type FoundWord, type Terms, WordFinder, readTerms } from './searchWords';
import { TextIndex, createOffsets, findLastBreak, splitsPair } from './textPositions';
import { type Found, type Hits, type SourceText, createHits } from './textSearch';

/** Numbers kept of counted windows: 32 MB. */
const maxKeptNumbers = 4_000_000;

const noWords =
  'the query has no letters or digits, and search looks for words: grep finds other characters';

interface Window {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

interface Mark {
  readonly start: number;
  readonly end: number;
}

/** Words looked at from each one on. */
const maxMarked = 40;

interface RankedWindow extends Window {
  readonly score: number;
  /** Of all windows that hold a word of the query, in text order. */
  readonly order: number;
}

/**
 * Hears of every window that holds words of the query: each word's number and how often it is there, other forms
 * of it counted half; behind the words, pairs of them that stand together as in the query.
 */
type OnWindow = (window: Window, counts: ReadonlyMap<number, number>) => void;

/**
 * Windows of whole lines (a longer line is cut) that hold words of the query, by Okapi BM25 over all
 * sources; best first, equal ones by position.
 * @throws SearchRefusal when the query has too many words
 */
export function rankTexts(
  sources: Iterable<SourceText>,
  args: Pick<SearchArgs, 'query' | 'maxHits' | 'windowChars' | 'unit'>,
  maxKept = maxKeptNumbers,
): Found {
  const terms = readTerms(args.query);
  if (terms.words.size === 0) {
    return { hits: createHits(), truncated: false, total: 0, note: noWords };
  }
  const words = new WordFinder(terms.words);
  const texts = [...sources];
  const having = new Uint32Array(terms.words.size + terms.pairs.size);
  const kept: { readonly window: Window; readonly counts: ReadonlyMap<number, number> }[] = [];
  let keptNumbers = 0;
  let total = 0;
  const sizes = countWindows(texts, { terms, words }, args.windowChars, (window, counts) => {
    total += 1;
    for (const term of counts.keys()) {
      having[term] = (having[term] ?? 0) + 1;
    }
    keptNumbers += 12 + 4 * counts.size;
    if (keptNumbers <= maxKept) {
      kept.push({ window, counts });
    } else {
      kept.length = 0;
    }
  });
  const meanChars = sizes.chars / sizes.windows;
  const weights = Array.from(having, (number) =>
    Math.log(1 + (sizes.windows - number + 0.5) / (number + 0.5)),
  );
  const best = new BestWindows(args.maxHits);
  const judge: OnWindow = (window, counts) =>
    best.add(window, scoreWindow(window, counts, { weights, meanChars }));
  if (keptNumbers <= maxKept) {
    kept.forEach(({ window, counts }) => judge(window, counts));
  } else {
    countWindows(texts, { terms, words }, args.windowChars, judge);
  }
  const ranked = best.list();
  const marks = ranked.map((window) => findMark(window, words, weights));
  return { hits: toHits(ranked, marks, args.unit), truncated: total > args.maxHits, total };
}

/** Counts words by window in one pass over each text. */
function countWindows(
  texts: readonly SourceText[],
  { terms, words }: { readonly terms: Terms; readonly words: WordFinder },
  windowChars: number,
  onWindow: OnWindow,
): { windows: number; chars: number } {
  const sizes = { windows: 0, chars: 0 };
  for (const source of texts) {
    const { text } = source;
    let start = 0;
    let end = windowEnd(text, 0, windowChars);
    let counts = new Map<number, number>();
    const advance = (position: number): void => {
      while (end <= position && end < text.length) {
        if (counts.size > 0) {
          onWindow({ source, start, end }, counts);
          counts = new Map();
        }
        start = end;
        end = windowEnd(text, start, windowChars);
        sizes.windows += 1;
      }
    };
    sizes.chars += text.length;
    sizes.windows += text.length > 0 ? 1 : 0;
    let before: FoundWord | undefined;
    words.find(text, (found) => {
      advance(found.start);
      const { term, isExact } = found;
      counts.set(term, (counts.get(term) ?? 0) + (isExact ? 1 : otherForm));
      const pair = before && terms.pairs.get(`${before.term} ${term}`);
      if (
        before &&
        pair !== undefined &&
        isTogether(text, before, found) &&
        before.start >= start
      ) {
        const key = terms.words.size + pair;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      before = found;
    });
    advance(text.length - 1);
    if (counts.size > 0) {
      onWindow({ source, start, end }, counts);
    }
  }
  return sizes;
}

const otherForm = 0.5;
const maxBetween = 3;

/** Nothing stands between them but a few signs or spaces. */
function isTogether(text: string, one: FoundWord, next: FoundWord): boolean {
  const between = next.start - one.end;
  return (
    between > 0 && between <= maxBetween && !/[\p{L}\p{N}]/u.test(text.slice(one.end, next.start))
  );
}

/** As much as is shown around a mark. */
const markChars = 160;

/** Where the words weigh most that stand close together. */
function findMark(
  { source, start, end }: Window,
  words: WordFinder,
  weights: readonly number[],
): Mark {
  const found: FoundWord[] = [];
  words.find(source.text.slice(start, end), (word) => found.push(word));
  let mark: Mark = { start, end: start };
  let most = 0;
  for (const [at, first] of found.entries()) {
    const seen = new Map<number, number>();
    let last = first;
    for (let next = at; next < Math.min(found.length, at + maxMarked); next += 1) {
      const word = found[next];
      if (!word || word.end - first.start > markChars) {
        break;
      }
      const weight = (weights[word.term] ?? 0) * (word.isExact ? 1 : otherForm);
      last = weight > (seen.get(word.term) ?? 0) ? word : last;
      seen.set(word.term, Math.max(seen.get(word.term) ?? 0, weight));
    }
    const sum = [...seen.values()].reduce((all, weight) => all + weight, 0);
    if (sum > most) {
      most = sum;
      mark = { start: start + first.start, end: start + Math.max(last.end, first.end) };
    }
  }
  return mark;
}

/** Okapi BM25, k1 = 1.2, b = 0.75, length in characters. */
function scoreWindow(
  { start, end }: Window,
  counts: ReadonlyMap<number, number>,
  { weights, meanChars }: { readonly weights: readonly number[]; readonly meanChars: number },
): number {
  const length = 1.2 * (0.25 + (0.75 * (end - start)) / meanChars);
  let score = 0;
  for (const [term, times] of counts) {
    score += ((weights[term] ?? 0) * times * 2.2) / (times + length);
  }
  return Math.round(score * 1e6) / 1e6; // the order of its terms is in the last digit
}

/** The best windows so far, in a heap whose root is the worst of them. */
class BestWindows {
  readonly #limit: number;
  readonly #heap: RankedWindow[] = [];
  #order = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(window: Window, score: number): void {
    const order = this.#order++;
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push({ ...window, score, order });
      this.#rise(heap.length - 1);
    } else if (heap[0] !== undefined && score > heap[0].score) {
      heap[0] = { ...window, score, order };
      this.#sink();
    }
  }

  list(): RankedWindow[] {
    return this.#heap.sort((left, right) => (isWorse(left, right) ? 1 : -1));
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfWorse(at, parent)) {
        return;
      }
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const [one, other] = [heap[left], heap[right]];
      const child = one && other && isWorse(other, one) ? right : left;
      if (!this.#swapIfWorse(child, at)) {
        return;
      }
      at = child;
    }
  }

  #swapIfWorse(at: number, parent: number): boolean {
    const [lower, upper] = [this.#heap[at], this.#heap[parent]];
    if (!lower || !upper || !isWorse(lower, upper)) {
      return false;
    }
    this.#heap[at] = upper;
    this.#heap[parent] = lower;
    return true;
  }
}

function isWorse(one: RankedWindow, other: RankedWindow): boolean {
  return one.score < other.score || (one.score === other.score && one.order > other.order);
}

function windowEnd(text: string, start: number, windowChars: number): number {
  const limit = start + windowChars;
  if (limit >= text.length) {
    return text.length;
  }
  const lineEnd = findLastBreak(text, start, limit);
  if (lineEnd !== -1) {
    return lineEnd;
  }
  return splitsPair(text, limit) ? limit - 1 : limit;
}

/** Lines and offsets of ranked windows, found in text order so that one pass over each text does. */
function toHits(
  ranked: readonly RankedWindow[],
  marks: readonly Mark[],
  unit: SearchArgs['unit'],
): Hits {
  const hits = createHits();
  const inOrder = ranked
    .map((window, rank) => ({ window, rank }))
    .sort(({ window: left }, { window: right }) => left.order - right.order);
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
    const mark = marks[rank] ?? window;
    hits.starts[rank] = toUnit(window.start);
    hits.marks[rank] = [toUnit(mark.start), toUnit(mark.end)];
    hits.ends[rank] = toUnit(window.end);
    hits.lines[rank] = index.findLine(window.start);
    hits.scores[rank] = window.score;
  }
  return hits;
}
