// Rows of short texts in aligned columns.

import { toOneLine } from '../../base/text';
import { toPrintable } from './printable';
import type { Style } from './style';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
}

const gap = '  ';

/** The last column takes what is left of `width` and is cut there. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { style, width }: { readonly style: Style; readonly width: number },
): string {
  const cells = rows.map((row) => row.map((cell) => toPrintable(toOneLine(cell, 500))));
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const last = columns.length - 1;
  const taken = widths.slice(0, last).reduce((sum, one) => sum + one + gap.length, 0);
  const lastWidth = Math.max(20, width - taken);
  const toLine = (row: readonly string[]): string =>
    row
      .map((cell, at) => {
        if (at === last) {
          return toOneLine(cell, lastWidth);
        }
        const cellWidth = widths[at] ?? 0;
        return columns[at]?.align === 'right' ? cell.padStart(cellWidth) : cell.padEnd(cellWidth);
      })
      .join(gap)
      .trimEnd();
  const head = style.bold(toLine(columns.map(({ title }) => title)));
  return [head, ...cells.map(toLine)].join('\n');
}
