// A model's answer as Markdown for the chat: emphasis, lists, tables and code stay; no heading, image, link,
// address or HTML comes of it, since a text that the model has read may speak through it.

import { showControls } from '../../base/visible';

const fenceStart = /^(?:(`{3,})[^`]*|(~{3,})(?!~).*)$/u;
const fenceEnd = /^ {0,3}(`{3,}|~{3,})[ \t]*$/u;

export function toAnswerMarkdown(answer: string): string {
  let fence: string | null = null;
  const lines = showControls(answer)
    .split('\n')
    .map((line) => {
      if (fence !== null) {
        fence = isFenceEnd(line, fence) ? null : fence;
        return line;
      }
      // Only at the very beginning of a line: an indented one may end with the list item that it is in.
      const [, ticks, tildes] = fenceStart.exec(line) ?? [];
      fence = ticks ?? tildes ?? null;
      return fence === null ? toPlainLine(line) : line;
    });
  return [...lines, ...(fence === null ? [] : [fence])].join('\n');
}

function isFenceEnd(line: string, fence: string): boolean {
  return fenceEnd.exec(line)?.[1]?.startsWith(fence) === true;
}

/** Code spans end in their own line; backticks without a partner there are no code. */
function toPlainLine(line: string): string {
  if (line === '') {
    return line;
  }
  const parts: string[] = [];
  let done = 0;
  for (const { start, end, length } of findRuns(line)) {
    if (start < done) {
      continue;
    }
    const span = end === null ? '' : line.slice(start, end);
    // A table would cut a span at its bars.
    const isCode = span !== '' && !span.includes('|');
    parts.push(escapeText(line.slice(done, start)), isCode ? span : '\\`'.repeat(length));
    done = start + (isCode ? span.length : length);
  }
  parts.push(escapeText(line.slice(done)));
  return escapeLineStart(parts.join(''));
}

interface Run {
  readonly start: number;
  readonly length: number;
  /** Where the span ends that it can begin: behind the next run of the same length. */
  readonly end: number | null;
}

function findRuns(line: string): Run[] {
  const nextEnds = new Map<number, number>();
  const runs: Run[] = [];
  for (const { 0: run, index } of [...line.matchAll(/`+/gu)].reverse()) {
    runs.push({ start: index, length: run.length, end: nextEnds.get(run.length) ?? null });
    nextEnds.set(run.length, index + run.length);
  }
  return runs.reverse();
}

function escapeText(text: string): string {
  return text
    .replace(/\\/gu, '&#92;')
    .replace(/</gu, '&lt;')
    .replace(/[[\]]/gu, '\\$&')
    .replace(/@/gu, '&#64;')
    .replace(/\b(https?|ftp|file|command|vscode|mailto|xmpp|www)([:.])/giu, (_all, name, mark) =>
      mark === ':' ? `${name}&#58;` : `${name}&#46;`,
    );
}

/** Headings, indented fences, and the lines that make headings of what stands above them, behind marks of lists and quotes too. */
function escapeLineStart(line: string): string {
  const [marks = ''] = /^(?:[ \t>]|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))*/u.exec(line) ?? [];
  const rest = line.slice(marks.length);
  if (rest === '') {
    return line.replace(/-([ \t]*)$/u, '\\-$1');
  }
  return /^(?:#|~~~|=+[ \t]*$|-+[ \t]*$)/u.test(rest) ? `${marks}\\${rest}` : line;
}
