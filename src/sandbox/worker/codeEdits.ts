// Changes to the text of a step's code, and what of it the engine cannot read as it stands.

export interface Edit {
  readonly at: number;
  /** Characters replaced. */
  readonly length: number;
  readonly text: string;
  /** At one place, lower ranks come first; as `markRank`. */
  readonly rank: number;
}

export const rank = { end: 1, start: 3, target: 5, block: 6 } as const;

export function applyEdits(code: string, edits: readonly Edit[]): string {
  let rewritten = '';
  let done = 0;
  const inOrder = edits.toSorted((left, right) => left.at - right.at || left.rank - right.rank);
  for (const edit of inOrder) {
    rewritten += code.slice(done, edit.at) + edit.text;
    done = edit.at + edit.length;
  }
  return rewritten + code.slice(done);
}

/**
 * The engine reads UTF-8, which has no lone surrogates; in literals the escape means the same. It does not
 * count a lone \r in comments as the end of a line; everywhere in code \n means the same.
 */
export function toEngineText(code: string): string {
  return code
    .replace(/\r(?!\n)/g, '\n')
    .replace(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
    );
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * U+2028 and U+2029 between tokens end lines for the grammar, and the engine counts them as such; within a
 * comment it does not.
 */
export function hideSeparators(code: string, taken: readonly Span[]): Edit[] {
  const found = [...code.matchAll(/[\u2028\u2029]/g)].map(({ index }) => index);
  const spans = found.length === 0 ? [] : taken.toSorted((left, right) => left.start - right.start);
  let next = 0;
  const free = found.filter((at) => {
    while ((spans[next]?.end ?? Infinity) <= at) {
      next += 1;
    }
    return at < (spans[next]?.start ?? Infinity);
  });
  return free.map((at) => ({ at, length: 1, text: `/*${code[at] ?? ''}*/`, rank: rank.target }));
}
