// Port: reads texts from files inside allowed roots. Implemented in src/context.

import type { ContextShape, ContextSink, ContextSizes, SourceSize } from './sandbox';

export interface ContextReader {
  /** Where relative paths start, and which source names are relative to. */
  readonly baseFolder: string;
  /**
   * Writes the given text and the text of every file, folder and glob into the sink.
   * @throws RlmError 'PATH_NOT_ALLOWED' | 'INVALID_INPUT' | 'CONTEXT_TOO_LARGE' | 'CANCELLED'
   */
  readContext(given: GivenContext, sink: ContextSink, signal: AbortSignal): Promise<ContextReport>;
  /**
   * The bytes of one file, whatever they are, by the same rule of what may be read.
   * @throws RlmError 'PATH_NOT_ALLOWED' | 'INVALID_INPUT' (also when it is larger) | 'CANCELLED'
   */
  readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<HostFile>;
}

export interface HostFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export const textForms = ['text', 'mapping'] as const;
export type TextForm = (typeof textForms)[number];

/** What the caller named: text, paths (files, folders, globs), or both. */
export interface GivenContext {
  readonly text: string | null;
  /** `mapping`: the text is a JSON object of texts by their names. Left out: `text`, the text itself. */
  readonly textForm?: TextForm;
  readonly paths: readonly string[];
  /** Takes the place of the reader's own: a replay reads from where the record did. */
  readonly baseFolder?: string;
  /** A label such as `windows-1251`, for all files; left out or null: each file's own is found. */
  readonly encoding?: string | null;
  /** Reads what .gitignore rules out, too. */
  readonly includeIgnored?: boolean;
}

/**
 * How a source's encoding was found: by a byte order mark, by what the file says of itself, by what
 * the caller gave, or from the bytes alone, which for UTF-8 is as good as certain.
 */
export const encodingOrigins = ['bom', 'declared', 'given', 'guessed'] as const;
export type EncodingOrigin = (typeof encodingOrigins)[number];

/** How one source became text. */
export interface SourceText {
  /** In lower case: `utf-8`, `windows-1251`. */
  readonly encoding: string;
  readonly encodingFrom: EncodingOrigin;
  /** U+FFFD that stand for bytes which the encoding cannot map. */
  readonly replacedChars: number;
  /** SHA-256 of the text as UTF-8, in hex. */
  readonly hash: string;
}

export interface ContextReport {
  readonly kind: 'text' | 'files';
  readonly shape: ContextShape;
  /** First 50, in the order they were written. */
  readonly sources: readonly SourceText[];
  /** SHA-256 over the hashes of all sources in their order, in hex. */
  readonly hash: string;
  /** What is in doubt about the text, each with what to do; for people and models. */
  readonly warnings: readonly string[];
  /** Where an encoding is in doubt: what was taken, and what it may be instead. Not read back from a trace. */
  readonly likelyEncodings?: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly skippedCount: number;
}

export interface SkippedFile {
  readonly path: string;
  /** Why, for people: "binary", "ignored by .gitignore", "not readable: …". */
  readonly reason: string;
}

/** A loaded context as clients see it. */
export interface ContextInfo extends Omit<ContextReport, 'sources'>, Omit<ContextSizes, 'sources'> {
  readonly variable: string;
  /** First 50, in order. */
  readonly sources: readonly SourceInfo[];
}

export interface SourceInfo extends SourceSize, SourceText {}
