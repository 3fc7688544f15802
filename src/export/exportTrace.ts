// A trace in the format asked for.

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
  for await (const part of await openParts(format, trace, viewerFolder)) {
    piece += part;
    if (piece.length >= pieceChars) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
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
