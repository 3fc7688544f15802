// Text placed in Markdown so that it stays text: no markup, link or HTML of its own, no way out of its block.

import { showControls } from './visible';

/** One line of plain text, for headings, list items and table cells. */
export function toInline(text: string): string {
  return showControls(text)
    .replace(/\s+/gu, ' ')
    .trim()
    .replace(/[\\`*[\]<>#&~!$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&') // `_` inside a word is none
    .replace(/^(?:[-+](?= |$)|[-=:](?=[-=: ]*$))/u, '\\$&') // a list, a rule, or a heading's underline
    .replace(/^(\d+)([.)])(?= |$)/u, '$1\\$2')
    .replace(/\|/gu, '&#124;') // a backslash does not protect it in every table parser
    .replace(/(https?|ftp|www|mailto|xmpp)([:.])/giu, '$1&#8203;$2'); // a bare address would become a link
}

/** A code block that only its own last line ends. */
export function toFence(text: string, language = ''): string {
  const shown = showControls(text).replace(/\n$/u, '');
  const fence = '`'.repeat(Math.max(3, findLongestRun(shown) + 1));
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

/** A code span of one line that only its own last backticks end. */
export function toInlineCode(text: string): string {
  const line = showControls(text).replace(/\s+/gu, ' ');
  const ticks = '`'.repeat(findLongestRun(line) + 1);
  const pad = /^`|`$|^ *$/u.test(line) ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

function findLongestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/gu)) {
    longest = Math.max(longest, run.length);
  }
  return longest;
}
