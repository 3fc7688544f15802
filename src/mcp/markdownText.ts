// Writes untrusted text into Markdown so that it cannot break out of its place.

/** A fenced block whose fence is longer than any run of backticks in `text`. */
export function toCodeBlock(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(3, findLongestRun(text) + 1));
  return `${fence}${language}\n${text}${text.endsWith('\n') ? '' : '\n'}${fence}`;
}

/** One line of code; line breaks become spaces. */
export function toInlineCode(text: string): string {
  const line = text.replace(/[\r\n]+/gu, ' ');
  const ticks = '`'.repeat(findLongestRun(line) + 1);
  const pad = /^`|`$|^\s*$/u.test(line) ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** Cells must not hold line breaks or unescaped pipes; both are taken care of here. */
export function toTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(toCell))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function toCell(text: string): string {
  return text.replace(/[\r\n]+/gu, ' ').replaceAll('|', '\\|');
}

function findLongestRun(text: string): number {
  return Math.max(0, ...Array.from(text.matchAll(/`+/gu), ([run]) => run.length));
}
