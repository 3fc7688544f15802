// Copies an opened file into a sink as UTF-8, whatever its encoding, reading ahead of the writing.

import { isAscii, isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import type { SourceText } from '../core/context';
import { type Chunk, type ChunkBuffers, readChunks } from './chunks';
import { completeUtf8Length, readByteOrderMark } from './encoding';
import { createDecoder } from './encodingNames';
import {
  type DetectEncoding,
  findOtherEncoding,
  findValidEncoding,
  hasJapaneseEscapes,
  type TextDoubt,
} from './findEncoding';
import { type OpenedFile, roomBytes } from './openedFile';
import { countReplacements, OwnReplacements } from './replacements';
import { findWideEncoding } from './wideEncoding';

/** Decoded in one go; the slowest decoders take a few ms for it, and the engine's thread is shared. */
const sliceBytes = 131_072;

/** What a source's bytes are written to. */
export interface TextSink {
  write(bytes: Uint8Array): Promise<void>;
  restartSource(): Promise<void>;
}

export interface CopyOptions {
  readonly buffers: ChunkBuffers;
  /** What the caller says the encoding is. */
  readonly given: string | null;
  readonly detectEncoding: DetectEncoding;
  readonly signal: AbortSignal;
}

/** How the bytes became text. */
export interface CopiedText extends Omit<SourceText, 'hash'> {
  readonly doubts: readonly TextDoubt[];
}

type Origin = Pick<SourceText, 'encoding' | 'encodingFrom'>;

/**
 * A byte order mark decides, then the caller, then a pattern of zero bytes; else what is UTF-8 passes
 * unchanged, and the rest is decoded as the file declares or as its bytes look. Bytes that the encoding
 * cannot map become U+FFFD; newlines stay as they are.
 * @throws RlmError 'CANCELLED', and 'INVALID_INPUT' when the disk fails half-way.
 */
export async function copyText(
  file: OpenedFile,
  sink: TextSink,
  options: CopyOptions,
): Promise<CopiedText> {
  const { given, buffers, signal } = options;
  const head = file.head.subarray(roomBytes);
  const mark = readByteOrderMark(head);
  const reading = { skippedBytes: mark?.bytes ?? 0, buffers, signal };
  const doubts: TextDoubt[] = [];
  if (mark !== null && given !== null && mark.encoding !== given) {
    doubts.push({ kind: 'mark' });
  }
  const known = toKnownOrigin(head, mark?.encoding ?? null, given);
  let origin: Origin = known ?? { encoding: 'utf-8', encodingFrom: 'guessed' };
  if (origin.encoding === 'utf-8') {
    const { odd, hasZeros, isPlain } = await copyUtf8(
      readChunks(file, reading),
      sink,
      known === null,
    );
    const found =
      known !== null
        ? { ...known, doubts: [] }
        : odd === null
          ? findValidEncoding(file, isPlain)
          : await findOtherEncoding(file, odd, options);
    doubts.push(...found.doubts, ...(hasZeros ? [{ kind: 'zeros' } as const] : []));
    origin = { encoding: found.encoding, encodingFrom: found.encodingFrom };
    if (odd === null && (origin.encoding === 'utf-8' || isPlain)) {
      return { ...origin, replacedChars: 0, doubts };
    }
    await sink.restartSource();
  }
  const replacedChars = await copyDecoded(readChunks(file, reading), origin.encoding, sink);
  return { ...origin, replacedChars, doubts };
}

/** Null: only the rest of the bytes can tell. */
function toKnownOrigin(head: Buffer, marked: string | null, given: string | null): Origin | null {
  if (marked !== null) {
    return { encoding: marked, encodingFrom: 'bom' };
  }
  if (given !== null) {
    return { encoding: given, encodingFrom: 'given' };
  }
  const wide = findWideEncoding(head);
  return wide === null ? null : { encoding: wide, encodingFrom: 'guessed' };
}

interface Utf8Copy {
  /** A part that is not valid UTF-8, after which nothing was written; null when all was. */
  readonly odd: Buffer | null;
  readonly hasZeros: boolean;
  /** All was ASCII. */
  readonly isPlain: boolean;
}

/** `watchEscapes`: 7-bit Japanese, which is ASCII by its bytes, is not taken for it. */
async function copyUtf8(
  chunks: AsyncIterable<Chunk>,
  sink: TextSink,
  watchEscapes: boolean,
): Promise<Utf8Copy> {
  let carry = Buffer.alloc(0);
  let hasZeros = false;
  let isPlain = true;
  for await (const { buffer, start, end, isLast } of chunks) {
    carry.copy(buffer, start - carry.length);
    const bytes = buffer.subarray(start - carry.length, end);
    const whole = bytes.subarray(0, isLast ? bytes.length : completeUtf8Length(bytes));
    hasZeros ||= whole.includes(0);
    isPlain &&= isAscii(whole);
    if (!isUtf8(whole) || (watchEscapes && isPlain && hasJapaneseEscapes(whole))) {
      return { odd: bytes, hasZeros, isPlain };
    }
    carry = Buffer.from(bytes.subarray(whole.length));
    await sink.write(whole);
  }
  return { odd: null, hasZeros, isPlain };
}

/** Returns how many characters stand for bytes that could not be mapped. */
async function copyDecoded(
  chunks: AsyncIterable<Chunk>,
  encoding: string,
  sink: TextSink,
): Promise<number> {
  const decoder = createDecoder(encoding);
  const unitBytes = unitBytesByEncoding[encoding] ?? 1;
  let cutPair = '';
  let totalBytes = 0;
  const own = new OwnReplacements(encoding);
  let replaced = 0;
  const write = async (text: string, isLast: boolean): Promise<void> => {
    const joined = cutPair + text;
    cutPair = !isLast && /[\ud800-\udbff]$/.test(joined) ? joined.slice(-1) : '';
    const whole = Buffer.from(cutPair === '' ? joined : joined.slice(0, -1));
    replaced += countReplacements(whole);
    await sink.write(whole);
  };
  for await (const { buffer, start, end, isLast } of chunks) {
    totalBytes += end - start;
    for (let at = start; at < end; at += sliceBytes) {
      const bytes = buffer.subarray(at, Math.min(end, at + sliceBytes));
      await write(decoder.write(bytes), false);
      own.add(bytes);
      await setImmediate(); // others' work goes on between slices
    }
    if (isLast) {
      await write(decoder.end() + (totalBytes % unitBytes === 0 ? '' : '\ufffd'), true);
    }
  }
  return Math.max(0, replaced - own.count);
}

/** Of these iconv-lite drops an incomplete last unit without a sign. */
const unitBytesByEncoding: Readonly<Record<string, number>> = {
  'utf-16le': 2,
  'utf-16be': 2,
  'utf-32le': 4,
  'utf-32be': 4,
};
