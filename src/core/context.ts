// Port: reads texts from files inside allowed roots. Implemented in src/context.

import type { ContextShape, ContextSink, ContextSizes } from './sandbox';

export interface ContextReader {
  /** Where relative paths start, and which source names are relative to. */
  readonly baseFolder: string;
  /**
   * Writes the given text and the text of every file, folder and glob into the sink.
   * @throws RlmError 'PATH_NOT_ALLOWED' | 'INVALID_INPUT' | 'CONTEXT_TOO_LARGE' | 'CANCELLED'
   */
  readContext(given: GivenContext, sink: ContextSink, signal: AbortSignal): Promise<ContextReport>;
}

/** What the caller named: text, paths (files, folders, globs), or both. */
export interface GivenContext {
  readonly text: string | null;
  readonly paths: readonly string[];
  /** Takes the place of the reader's own: a replay reads from where the record did. */
  readonly baseFolder?: string;
}

export interface ContextReport {
  readonly kind: 'text' | 'files';
  readonly shape: ContextShape;
  readonly skipped: readonly SkippedFile[];
  readonly skippedCount: number;
}

export interface SkippedFile {
  readonly path: string;
  /** Why, for people: "binary", "ignored by .gitignore", "not readable: …". */
  readonly reason: string;
}

/** A loaded context as clients see it. */
export interface ContextInfo extends ContextReport, ContextSizes {
  readonly variable: string;
}
