// The findings as text for a terminal and as Markdown for bench/README.md.

import { type Figure, type Target, judge } from './figure';

export interface Findings {
  readonly title: string;
  readonly figures: readonly Figure[];
}

const columns = ['figure', 'median', 'quartiles', 'samples', 'target', 'met'] as const;
type Row = readonly [string, string, string, string, string, string];

export function toTerminalText(findings: readonly Findings[]): string {
  const all = findings.flatMap(({ figures }) => figures.map(toRow));
  const widths = columns.map((column, at) =>
    Math.max(column.length, ...all.map((row) => row[at]?.length ?? 0)),
  );
  const toLine = (row: readonly string[]): string =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return findings
    .map(({ title, figures }) =>
      [`\n${title}`, toLine(columns), ...figures.map((figure) => toLine(toRow(figure)))].join('\n'),
    )
    .join('\n');
}

export function toMarkdown(findings: readonly Findings[]): string {
  return findings
    .map(({ title, figures }) => {
      const table = toMarkdownTable(columns, '|---|--:|--:|--:|--:|---|', figures.map(toRow));
      return `### ${title}\n\n${table}`;
    })
    .join('\n\n');
}

/** `alignment`: the line below the head, as Markdown writes it. */
export function toMarkdownTable(
  head: readonly string[],
  alignment: string,
  rows: readonly (readonly string[])[],
): string {
  const toLine = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  return [toLine(head), alignment, ...rows.map(toLine)].join('\n');
}

export function toVerdictLine(findings: readonly Findings[]): string {
  const verdicts = findings.flatMap(({ figures }) => figures.map(judge));
  const count = (verdict: string): number => verdicts.filter((one) => one === verdict).length;
  const unmeasured = count('not measured');
  return `Targets met: ${count('yes')} of ${count('yes') + count('no') + unmeasured}${unmeasured > 0 ? `, ${unmeasured} not measured` : ''}.`;
}

/** Puts `content` between the markers of a file. */
export function replaceBetweenMarkers(text: string, content: string): string {
  const begin = '<!-- last run: begin -->';
  const end = '<!-- last run: end -->';
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`The README has no ${begin} … ${end}.`);
  }
  return `${text.slice(0, from + begin.length)}\n\n${content.trim()}\n\n${text.slice(to)}`;
}

function toRow(figure: Figure): Row {
  const { name, unit, found, target } = figure;
  const goal = target ? toTargetText(target, unit) : '';
  if ('missing' in found) {
    return [name, found.missing, '', '', goal, judge(figure)];
  }
  const quartiles =
    found.count > 1 ? `${toNumberText(found.low)} – ${toNumberText(found.high)}` : '';
  const median = `${toNumberText(found.median)} ${unit}`;
  return [name, median, quartiles, String(found.count), goal, judge(figure)];
}

function toTargetText(target: Target, unit: string): string {
  const [sign, value] = 'atMost' in target ? ['≤', target.atMost] : ['≥', target.atLeast];
  return `${sign} ${toNumberText(value)} ${unit}`;
}

/** Three digits that count. */
export function toNumberText(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(digits, 3) });
}
