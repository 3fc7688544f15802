// The lines of a unified diff, by what they say.

export type DiffLineKind = 'file' | 'hunk' | 'added' | 'removed' | 'same';

export interface DiffLine {
  readonly kind: DiffLineKind;
  readonly text: string;
}

const hunkHead = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/u;

/** Inside a hunk its head counts the lines, so that a removed line `-- a` is none of a file's. */
export function toDiffLines(diff: string): readonly DiffLine[] {
  let [removed, added] = [0, 0];
  return diff
    .replace(/\n$/u, '')
    .split('\n')
    .map((text) => {
      const kind = removed > 0 || added > 0 ? toHunkKind(text) : null;
      if (kind !== null) {
        removed -= kind === 'added' ? 0 : 1;
        added -= kind === 'removed' ? 0 : 1;
        return { kind, text };
      }
      const [head, before = '1', after = '1'] = hunkHead.exec(text) ?? [];
      if (head === undefined) {
        return { kind: toHeadKind(text), text };
      }
      [removed, added] = [Number(before), Number(after)];
      return { kind: 'hunk', text };
    });
}

/** Lines added and removed. */
export function countDiffLines(lines: readonly DiffLine[]): {
  readonly added: number;
  readonly removed: number;
} {
  const count = (kind: DiffLineKind): number => lines.filter((line) => line.kind === kind).length;
  return { added: count('added'), removed: count('removed') };
}

/** Null: it is no line of a hunk, such as the note that a file does not end with a line feed. */
function toHunkKind(text: string): 'added' | 'removed' | 'same' | null {
  switch (text.slice(0, 1)) {
    case '+':
      return 'added';
    case '-':
      return 'removed';
    case ' ':
    case '':
      return 'same';
    default:
      return null;
  }
}

/** Outside of hunks: some programs write no head, and give a new file as lines with `+` alone. */
function toHeadKind(text: string): DiffLineKind {
  if (/^(?:\+\+\+ |--- |diff |index |new file|deleted file|\*\*\* |rename |Binary )/u.test(text)) {
    return 'file';
  }
  return text.startsWith('+') ? 'added' : text.startsWith('-') ? 'removed' : 'same';
}
