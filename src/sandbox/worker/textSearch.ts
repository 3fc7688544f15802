// grep and count over decoded texts: offsets and lines. Pure; ranked searches are in rankTexts.ts.

import { searchLimits } from '../../core/searchLimits';
import type { CountArgs, GrepArgs, PlaceColumns } from '../../protocol/worker';
import { compilePattern } from './compilePattern';
import { SearchRefusal } from './searchRefusal';
import { TextIndex, createOffsets, nextIndex } from './textPositions';

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
  /** Only of search. */
  readonly scores: readonly number[];
  /** Only of search: where the words stand close together. */
  readonly marks: readonly (readonly [number, number])[];
}

export interface Found {
  readonly hits: Hits;
  /** There was more than asked for. */
  readonly truncated: boolean;
  /** In all; null: not counted. */
  readonly total: number | null;
  /** What the code's author is told. */
  readonly note?: string;
}

export function toColumns({ sources, starts, ends, lines }: Hits): PlaceColumns {
  const count = starts.length;
  const packed = new Uint32Array(count * 4);
  for (const [number, column] of [sources, starts, ends, lines].entries()) {
    packed.set(column, number * count);
  }
  return packed;
}

export function createHits() {
  const column = (): number[] => [];
  return {
    sources: column(),
    starts: column(),
    ends: column(),
    lines: column(),
    scores: column(),
    marks: [] as (readonly [number, number])[],
  } satisfies Hits;
}

type Sought = Pick<GrepArgs, 'pattern' | 'flags'>;

/**
 * All matches in order, `maxPlaces` at most.
 * @throws SyntaxError when the pattern is none
 * @throws SearchRefusal when it is too costly, or there are too many matches
 */
export function grepTexts(
  sources: Iterable<SourceText>,
  args: Sought & Pick<GrepArgs, 'maxMatches' | 'unit'>,
  maxPlaces = Infinity,
): Found {
  const pattern = compilePattern(args);
  const limit = args.maxMatches ?? Infinity;
  const hits = createHits();
  let searchedChars = 0;
  let beyond = 0;
  for (const { index, text, textIndex = new TextIndex(text) } of sources) {
    searchedChars += text.length;
    const toUnit = createOffsets(textIndex, args.unit);
    pattern.lastIndex = 0;
    for (let match = findNext(pattern, text); match !== null; match = findNext(pattern, text)) {
      const start = match.index;
      if (hits.starts.length < limit) {
        hits.sources.push(index);
        hits.starts.push(toUnit(start));
        hits.ends.push(toUnit(start + match[0].length));
        hits.lines.push(textIndex.findLine(start));
        refuseTooMany(hits.starts.length, maxPlaces);
        continue;
      }
      beyond += 1;
      if (searchedChars > searchLimits.countedChars) {
        return { hits, truncated: true, total: null };
      }
    }
    if (beyond > 0 && searchedChars > searchLimits.countedChars) {
      return { hits, truncated: true, total: null };
    }
  }
  return { hits, truncated: beyond > 0, total: hits.starts.length + beyond };
}

/** How many matches each source has, and what a group of the pattern caught. Throws as grepTexts does. */
export function countMatches(
  sources: Iterable<SourceText>,
  args: Pick<CountArgs, 'pattern' | 'flags' | 'group'>,
): { readonly counts: number[]; readonly values: (readonly [string, number])[] } {
  const pattern = compilePattern(args);
  const { group } = args;
  const counts: number[] = [];
  const values = new GroupValues();
  for (const { text } of sources) {
    let count = 0;
    pattern.lastIndex = 0;
    for (let match = findNext(pattern, text); match !== null; match = findNext(pattern, text)) {
      count += 1;
      if (group !== null) {
        values.add(typeof group === 'number' ? match[group] : match.groups?.[group]);
      }
    }
    counts.push(count);
  }
  return { counts, values: values.list() };
}

class GroupValues {
  readonly #counts = new Map<string, number>();
  #chars = 0;

  /** A group that took no part is not counted. */
  add(value: string | undefined): void {
    if (value === undefined) {
      return;
    }
    const before = this.#counts.get(value);
    this.#counts.set(value, (before ?? 0) + 1);
    this.#chars += before === undefined ? value.length : 0;
    const { maxGroupValues, maxGroupChars } = searchLimits;
    if (this.#counts.size > maxGroupValues || this.#chars > maxGroupChars) {
      throw new SearchRefusal(
        'SANDBOX_EXEC_ERROR',
        `the group caught more than ${maxGroupValues} different texts, or ${maxGroupChars} characters of them: ` +
          'let it catch less, or count in one path after another.',
      );
    }
  }

  list(): (readonly [string, number])[] {
    return [...this.#counts].sort(([, left], [, right]) => right - left);
  }
}

/** As matchAll goes on: behind an empty match one character further. Behind the last line there is no match. */
function findNext(pattern: RegExp, text: string): RegExpExecArray | null {
  const match = pattern.exec(text);
  if (match?.[0] === '') {
    if (match.index === text.length && /(?:^|[\n\r])$/.test(text.slice(-1))) {
      return null;
    }
    pattern.lastIndex = nextIndex(text, match.index, pattern.unicode || isUnicodeSets(pattern));
  }
  return match;
}

function isUnicodeSets(pattern: RegExp): boolean {
  return pattern.flags.includes('v');
}

function refuseTooMany(count: number, maxPlaces: number): void {
  if (count > maxPlaces) {
    throw new SearchRefusal(
      'SANDBOX_EXEC_ERROR',
      `there are more than ${maxPlaces} matches, which do not fit into this session's memory; ` +
        'count them with count(…), or look for fewer at a time.',
    );
  }
}
