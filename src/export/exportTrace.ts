// A trace in the format asked for.

import type { TraceEvent } from '../core/event';
import type { ExportedTrace } from './exportedTrace';
import { toHtmlExport } from './htmlExport';
import { toJsonExport } from './jsonExport';
import { toMarkdownExport } from './markdownExport';
import { readViewerBundle } from './viewerBundle';

export const exportFormats = ['json', 'markdown', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Parts below this are put together: a file is written in few large pieces. */
const pieceChars = 64_000;

/**
 * The document piece by piece; it ends with a line feed. `viewerFolder`: the build's `dist/webview`.
 * @throws RlmError 'INTERNAL_ERROR' when an HTML page finds no viewer there, and those of the events.
 */
export async function* exportTrace(
  format: ExportFormat,
  trace: ExportedTrace,
  viewerFolder: string,
): AsyncGenerator<string> {
  let piece = '';
  const shown = trace.showsUser ? trace : { ...trace, events: withoutUser(trace.events) };
  for await (const part of await openParts(format, shown, viewerFolder)) {
    piece += part;
    if (piece.length >= pieceChars) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

/** An export is handed on: a name of the team is not to go with it by the way. */
async function* withoutUser(events: ExportedTrace['events']): AsyncGenerator<TraceEvent> {
  for await (const event of events) {
    const { user, ...rest } = event;
    yield user === undefined ? event : rest;
  }
}

async function openParts(
  format: ExportFormat,
  trace: ExportedTrace,
  viewerFolder: string,
): Promise<AsyncIterable<string>> {
  switch (format) {
    case 'json':
      return toJsonExport(trace);
    case 'markdown':
      return toMarkdownExport(trace);
    case 'html':
      return toHtmlExport(trace, await readViewerBundle(viewerFolder));
  }
}
