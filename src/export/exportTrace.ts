// A trace in the format asked for.

import type { ExportedTrace } from './exportedTrace';
import { toHtmlExport } from './htmlExport';
import { toJsonExport } from './jsonExport';
import { toMarkdownExport } from './markdownExport';

export const exportFormats = ['json', 'markdown', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** The whole document as text. */
export function exportTrace(format: ExportFormat, trace: ExportedTrace): string {
  switch (format) {
    case 'json':
      return toJsonExport(trace);
    case 'markdown':
      return toMarkdownExport(trace);
    case 'html':
      return toHtmlExport(trace);
  }
}
