// Text placed in Markdown so that it stays text: no markup, link or HTML of its own, no way out of its block.

import { showControls } from './visible';

/** One line of plain text, for headings, list items and table cells. */
export function toInline(text: string): string {
  return showControls(text)
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/[\\`*_[\]<>#&~!$]/gu, '\\$&')
    .replace(/\|/gu, '&#124;') // a backslash does not protect it in every table parser
    .replace(/(https?|ftp|www|mailto|xmpp)([:.])/giu, '$1&#8203;$2'); // a bare address would become a link
}

/** A code block that only its own last line ends. */
export function toFence(text: string, language = ''): string {
  const shown = showControls(text).replace(/\n$/u, '');
  const longest = Math.max(0, ...Array.from(shown.matchAll(/`+/gu), ([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${shown}\n${fence}`;
}

/** A table of plain texts; empty when there are no rows. */
export function toTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) {
    return [];
  }
  const toRow = (cells: readonly string[]): string => `| ${cells.map(toInline).join(' | ')} |`;
  const rule = `|${head.map(() => ' --- |').join('')}`;
  return [[toRow(head), rule, ...rows.map(toRow)].join('\n')];
}
