// Reads a given text, files, folders and globs inside allowed roots into a sink, as UTF-8, within caps.

import * as z from 'zod';
import { cutText } from '../base/text';
import { toWellFormedText } from '../base/wellFormed';
import type {
  ContextReader,
  ContextReport,
  GivenContext,
  HostFile,
  SkippedFile,
  SourceText,
} from '../core/context';
import { maxSessionBytes } from '../core/contextLoading';
import { RlmError } from '../core/errors';
import type { ContextSink } from '../core/sandbox';
import { AllowedRoots } from './allowedRoots';
import { throwIfCancelled } from './cancel';
import { CappedSink } from './cappedSink';
import { ChunkBuffers } from './chunks';
import { copyText } from './copyText';
import { resolveEncoding } from './encodingNames';
import type { DetectEncoding } from './findEncoding';
import { HashingSink } from './hashingSink';
import { closeFile, openFile, type Opening } from './openedFile';
import { readRawFile } from './rawFile';
import { runAhead } from './runAhead';
import { SourceNames, textSourceName } from './sourceNames';
import {
  fitSources,
  planSources,
  type SkippedSource,
  type SourceFile,
  toSkipped,
} from './sourcePlan';
import { TextWarnings } from './textWarnings';
import { sortInSlices, TimeSlices } from './timeSlices';

const maxReportedSkips = 50;
const maxReportedSources = 50;
/** Reasons told in the error when nothing was left to read. */
const maxReasons = 10;
/** Files opened ahead of the one being written. Each holds at most one head of 64 KiB. */
const openAhead = 16;
const textChunkChars = 1_048_576;

export interface FileContextOptions {
  /** Folders that may be read; asked anew for every reading. */
  readonly roots: () => readonly string[];
  /** Relative paths start here, and sources inside it are named relative to it. */
  readonly baseFolder: string;
  readonly detectEncoding: DetectEncoding;
  /** Of all sources together, as files and again as UTF-8. */
  readonly maxTotalBytes?: number;
  readonly maxFiles?: number;
}

export class FileContextReader implements ContextReader {
  readonly baseFolder: string;
  readonly #options: Required<FileContextOptions>;

  constructor(options: FileContextOptions) {
    this.baseFolder = options.baseFolder;
    this.#options = { maxTotalBytes: maxSessionBytes, maxFiles: 100_000, ...options };
  }

  async readFile(path: string, maxBytes: number, signal: AbortSignal): Promise<HostFile> {
    const roots = await AllowedRoots.create(this.#options.roots());
    return readRawFile(path, { roots, baseFolder: this.baseFolder, maxBytes, signal });
  }

  async readContext(
    given: GivenContext,
    sink: ContextSink,
    signal: AbortSignal,
  ): Promise<ContextReport> {
    const { roots: readRoots, maxTotalBytes, maxFiles, detectEncoding } = this.#options;
    const baseFolder = given.baseFolder ?? this.baseFolder;
    throwIfCancelled(signal);
    if (given.text === null && given.paths.length === 0) {
      throw new RlmError('INVALID_INPUT', 'Neither a text nor a path was given.', {
        nextStep: 'Give the text itself, or paths of files, folders or globs.',
      });
    }
    const label = given.encoding ?? null;
    const encoding = label === null ? null : resolveEncoding(label);
    const roots = await AllowedRoots.create(readRoots());
    const names = await SourceNames.create(baseFolder, given.text !== null);
    const plan = await planSources(given, { roots, names, baseFolder, maxFiles, signal });
    const texts = readTexts(given);
    const textBytes = texts.reduce((sum, { bytes }) => sum + bytes, 0);
    const opening = { roots, given: encoding };
    const fitting = { ...opening, maxBytes: maxTotalBytes, textBytes, signal };
    const fitted = await fitSources(plan, fitting);

    const hashing = new HashingSink(new CappedSink(sink, maxTotalBytes));
    await hashing.expect(fitted.totalBytes);
    const sources: SourceText[] = [];
    const warnings = new TextWarnings();
    warnings.addRules(fitted.ruleProblems);
    for (const text of texts) {
      const written = await writeText(text, hashing, signal);
      sources.push(written);
      warnings.addGivenText(text.name, written.replacedChars);
    }
    if (encoding !== null && given.paths.length === 0) {
      warnings.addUnusedEncoding(encoding);
    }
    const unread = await writeFiles(fitted.files, {
      ...opening,
      sources,
      warnings,
      detectEncoding,
      sink: hashing,
      signal,
    });
    const slices = new TimeSlices(signal);
    const skipped = await sortInSlices([...fitted.skipped, ...unread], byPath, slices);
    if (given.text === null && unread.length === fitted.files.length) {
      throw nothingToRead(given.paths, skipped);
    }
    return {
      kind: given.paths.length === 0 ? 'text' : 'files',
      shape: given.textForm === 'mapping' ? 'mapping' : fitted.shape,
      sources: sources.slice(0, maxReportedSources),
      hash: hashing.end(),
      warnings: warnings.toLines(skipped),
      ...(warnings.likelyEncodings.length > 0 && { likelyEncodings: warnings.likelyEncodings }),
      skipped: skipped.slice(0, maxReportedSkips).map(({ path, reason }) => ({ path, reason })),
      skippedCount: skipped.length,
    };
  }
}

interface NamedText {
  readonly name: string;
  readonly text: string;
  readonly bytes: number;
}

/** @throws RlmError 'INVALID_INPUT' for a mapping that holds anything but texts. */
function readTexts({ text, textForm }: GivenContext): readonly NamedText[] {
  if (text === null) {
    return [];
  }
  const entries = textForm === 'mapping' ? parseMapping(text) : [[textSourceName, text] as const];
  return entries.map(([name, one]) => ({ name, text: one, bytes: Buffer.byteLength(one) }));
}

/** As entries: an object that is made of them anew has no place for a key such as `__proto__`. */
function parseMapping(json: string): readonly (readonly [name: string, text: string])[] {
  const mapping = parseJson(json);
  const isObject = typeof mapping === 'object' && mapping !== null && !Array.isArray(mapping);
  const entries = isObject ? Object.entries(mapping) : null;
  const parsed = z.array(z.tuple([z.string(), z.string()])).safeParse(entries);
  if (!parsed.success) {
    throw new RlmError('INVALID_INPUT', 'A mapping of texts holds something else than texts.', {
      nextStep: 'Give each name a text.',
    });
  }
  return parsed.data;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

async function writeText(
  { name, text, bytes }: NamedText,
  sink: HashingSink,
  signal: AbortSignal,
): Promise<SourceText> {
  await sink.beginSource(name, bytes);
  let replacedChars = 0;
  for (let at = 0; at < text.length;) {
    throwIfCancelled(signal);
    const part = cutText(text.slice(at, at + textChunkChars + 1), textChunkChars).text;
    const { value, replaced } = toWellFormedText(part);
    await sink.write(Buffer.from(value));
    replacedChars += replaced;
    at += part.length;
  }
  return { encoding: 'utf-8', encodingFrom: 'given', replacedChars, hash: sink.endSource() };
}

interface Writing extends Opening {
  readonly sink: HashingSink;
  /** What was written is added. */
  readonly sources: SourceText[];
  readonly warnings: TextWarnings;
  readonly detectEncoding: DetectEncoding;
  readonly signal: AbortSignal;
}

/** Returns what turned out to be unreadable. */
async function writeFiles(
  files: readonly SourceFile[],
  { roots, given, sink, sources, warnings, detectEncoding, signal }: Writing,
): Promise<readonly SkippedSource[]> {
  const unread: SkippedSource[] = [];
  const buffers = new ChunkBuffers();
  const opening = runAhead(files, {
    run: (file) => openFile(file.real, { roots, given }),
    release: closeFile,
    width: openAhead,
  });
  for await (const [file, opened] of opening) {
    try {
      throwIfCancelled(signal);
      if ('reason' in opened) {
        unread.push(toSkipped(file, opened));
        continue;
      }
      await sink.beginSource(file.name, opened.sizeBytes);
      const copying = { buffers, given, detectEncoding, signal };
      const { doubts, ...text } = await copyText(opened, sink, copying);
      const hash = sink.endSource();
      sources.push({ ...text, hash });
      warnings.add(file.name, { ...text, doubts });
    } finally {
      await closeFile(opened);
    }
  }
  return unread;
}

function nothingToRead(paths: readonly string[], skipped: readonly SkippedSource[]): RlmError {
  const reasons = skipped.slice(0, maxReasons).map(({ path, reason }) => `${path}: ${reason}`);
  const more = skipped.length - reasons.length;
  return new RlmError(
    'INVALID_INPUT',
    `No text could be read from ${toPathsText(paths)} (${reasons.join('; ')}${more > 0 ? `; and ${more} more` : ''}).`,
    { nextStep: toNextStep(skipped) },
  );
}

function toPathsText(paths: readonly string[]): string {
  const more = paths.length - maxReasons;
  const shown = paths.slice(0, maxReasons).join(', ');
  return more > 0 ? `${shown} and ${more.toLocaleString('en')} more paths` : shown;
}

function toNextStep(skipped: readonly SkippedSource[]): string {
  const [first] = skipped.flatMap(({ kind }) => (kind === null ? [] : [kind]));
  const wider = skipped.some(({ rule }) => rule !== null)
    ? 'Set include_ignored to read what .gitignore rules out, or name the files.'
    : 'Name files that hold text, or a wider folder or glob.';
  return first === undefined ? wider : `${first.remedy}, or name files that hold text.`;
}

function byPath(left: SkippedFile, right: SkippedFile): number {
  return left.path < right.path ? -1 : 1;
}
