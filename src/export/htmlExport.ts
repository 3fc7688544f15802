// A trace as one HTML page that stands alone: the viewer, and the trace as JSON that nothing runs. The
// page may load nothing and run nothing but this very viewer, whose hash its policy names.

import { createHash } from 'node:crypto';
import { type ExportedTrace, type StepRecord, StepReader } from './exportedTrace';
import { pageParts, type PageStart, toInertJson } from './htmlPage';
import {
  toMarkdownAgentEvent,
  toMarkdownFile,
  toMarkdownHead,
  toMarkdownRun,
  toMarkdownStep,
} from './markdownExport';
import type { ViewerBundle } from './viewerBundle';
import { toUnreadableText } from './wording';
import { showControls } from '../base/visible';
import { toWellFormedJson } from '../base/wellFormed';
import { isAgentEvent } from '../core/event';
import type { Summary } from '../core/summary';

/** So many are parsed at once by the viewer: few enough to keep a page responsive while it opens. */
const eventPageChars = 500_000;
/** Of the text for readers without scripts; the rest of a long trace is in the page's data alone. */
const plainTextChars = 500_000;

/** Begins at once and holds one page of events at a time. */
export async function* toHtmlExport(
  { summary, events, readUnreadable = () => [] }: ExportedTrace,
  viewer: ViewerBundle,
): AsyncGenerator<string> {
  const start: PageStart = { summary };
  yield toHead(summary, viewer);
  yield toPart(pageParts.start, toInertJson(start));
  yield `<script>${viewer.script}</script>\n`;
  const plainText = new PlainText(summary);
  const steps = new StepReader();
  let page: string[] = [];
  let chars = 0;
  let pages = 0;
  let told = 0;
  const takePage = (): string => {
    const unreadable = readUnreadable();
    const gaps = toInertJson(unreadable.slice(told));
    told = unreadable.length;
    const json = `{"unreadable": ${gaps}, "events": [\n${page.join(',\n')}\n]}`;
    const part = toPart(`${pageParts.events}${pages}`, json);
    pages += 1;
    chars = 0;
    page = [];
    return part;
  };
  let replaced = 0;
  for await (const event of events) {
    const wellFormed = toWellFormedJson(event);
    replaced += wellFormed.replaced;
    const line = toInertJson(wellFormed.value);
    page.push(line);
    chars += line.length;
    plainText.takeStep(steps.take(event));
    if (event.kind === 'loop.started' || event.kind === 'loop.finished') {
      plainText.take(toMarkdownRun(event, steps.takeReplies()));
    }
    if (isAgentEvent(event)) {
      plainText.takeEntry(toMarkdownAgentEvent(event));
    }
    if (event.kind === 'file.written' || event.kind === 'shell.finished') {
      plainText.take(toMarkdownFile(event));
    }
    if (chars >= eventPageChars) {
      yield takePage();
    }
  }
  yield takePage();
  yield toPart(pageParts.end, toInertJson({ pages }));
  plainText.takeStep(steps.end());
  if (replaced > 0) {
    yield `<p>Halves of surrogate pairs shown as U+FFFD: ${replaced}.</p>\n`;
  }
  const unreadable = readUnreadable();
  if (unreadable.length > 0) {
    plainText.end(toUnreadableText(unreadable));
  }
  yield `<noscript><pre>${escapeText(plainText.text)}</pre></noscript>\n</body>\n</html>\n`;
}

function toHead({ title }: Summary, { script, style }: ViewerBundle): string {
  const policy = [
    `default-src 'none'`,
    `script-src ${toSource(script)}`,
    // The empty style: the viewer's controls ask by one whether the browser knows a selector.
    `style-src ${toSource(style)} ${toSource('')}`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeText(title) || 'Untitled session'}</title>
<style>${style}</style>
</head>
<body>
`;
}

/** What a policy calls a text that may stand in the page. */
function toSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function toPart(id: string, json: string): string {
  return `<script type="application/json" id="${id}">${json}</script>\n`;
}

/** The beginning of the trace as Markdown, for readers without scripts. */
class PlainText {
  readonly #summary: Summary;
  #text: string;
  #leftOut = 0;
  #end = '';

  constructor(summary: Summary) {
    this.#summary = summary;
    this.#text = toMarkdownHead(summary);
  }

  get text(): string {
    const what = this.#summary.agent ? 'entries' : 'steps';
    const more = `\n… and ${this.#leftOut} more ${what}: allow scripts to see them here.\n`;
    return this.#text + (this.#leftOut === 0 ? '' : more) + this.#end;
  }

  /** Whatever room there is. */
  end(text: string): void {
    this.#end = `\n${text}\n`;
  }

  takeStep(step: StepRecord | null): void {
    if (step && (this.#leftOut > 0 || !this.take(toMarkdownStep(step, this.#summary.language)))) {
      this.#leftOut += 1;
    }
  }

  /** Of an agent. */
  takeEntry(text: string): void {
    this.#leftOut += text === '' || this.take(text) ? 0 : 1;
  }

  /** False when there is no room for it. */
  take(text: string): boolean {
    const fits = this.#leftOut === 0 && this.#text.length + text.length <= plainTextChars;
    this.#text += fits ? text : '';
    return fits;
  }
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escapeText(text: string): string {
  return showControls(text).replace(/[&<>]/gu, (character) => entities[character] ?? '');
}
