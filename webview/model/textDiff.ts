// What changed between two short texts, word by word.

export interface DiffPart {
  readonly kind: 'same' | 'removed' | 'added';
  readonly text: string;
}

/** Above this the table would cost more than the view is worth: the whole text counts as changed. */
const maxWords = 400;

/** Parts in reading order; the removed and same ones make up `before`, the added and same ones `after`. */
export function diffTexts(before: string, after: string): readonly DiffPart[] {
  const left = splitWords(before);
  const right = splitWords(after);
  if (left.length > maxWords || right.length > maxWords) {
    return joinParts([
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ]);
  }
  const lengths = commonLengths(left, right);
  const parts: DiffPart[] = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    const [one, other] = [left[row], right[column]];
    if (one !== undefined && one === other) {
      parts.push({ kind: 'same', text: one });
      row += 1;
      column += 1;
    } else if (
      one !== undefined &&
      (other === undefined ||
        lengthAt(lengths, row + 1, column) >= lengthAt(lengths, row, column + 1))
    ) {
      parts.push({ kind: 'removed', text: one });
      row += 1;
    } else {
      parts.push({ kind: 'added', text: other ?? '' });
      column += 1;
    }
  }
  return joinParts(parts);
}

function splitWords(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** Row by row from the end: the longest run of words that both rests have in common. */
function commonLengths(
  left: readonly string[],
  right: readonly string[],
): readonly (readonly number[])[] {
  const rows: number[][] = Array.from({ length: left.length + 1 }, () => []);
  for (let row = left.length; row >= 0; row -= 1) {
    for (let column = right.length; column >= 0; column -= 1) {
      const isEnd = row === left.length || column === right.length;
      const length = isEnd
        ? 0
        : left[row] === right[column]
          ? 1 + lengthAt(rows, row + 1, column + 1)
          : Math.max(lengthAt(rows, row + 1, column), lengthAt(rows, row, column + 1));
      (rows[row] ?? [])[column] = length;
    }
  }
  return rows;
}

function lengthAt(rows: readonly (readonly number[])[], row: number, column: number): number {
  return rows[row]?.[column] ?? 0;
}

function joinParts(parts: readonly DiffPart[]): readonly DiffPart[] {
  const joined: DiffPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last?.kind === part.kind) {
      joined[joined.length - 1] = { kind: part.kind, text: last.text + part.text };
    } else if (part.text !== '') {
      joined.push(part);
    }
  }
  return joined;
}
