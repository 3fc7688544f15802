// Copies an opened file into a sink as UTF-8, whatever its encoding, reading ahead of the writing.

import { isAscii, isUtf8 } from 'node:buffer';
import { getDecoder } from 'iconv-lite';
import type { SourceText } from '../core/context';
import { throwIfCancelled } from './cancel';
import { completeUtf8Length, detectEncoding, readByteOrderMark } from './encoding';
import { type OpenedFile, readFully, roomBytes, unreadableError } from './openedFile';
import { toErrorWords } from './systemError';

/** Source: measured on 100 MB; smaller costs more round trips, larger gains nothing. */
const defaultChunkBytes = 2_097_152;

/** What a source's bytes are written to. */
export interface TextSink {
  write(bytes: Uint8Array): Promise<void>;
  restartSource(): Promise<void>;
}

/** How the bytes became text. */
export type CopiedText = Omit<SourceText, 'hash'>;

/** Two buffers, reused for all files of one reading: one is filled while the other is written. */
export class ChunkBuffers {
  readonly #chunkBytes: number;
  #pair: readonly [Buffer, Buffer] | null = null;

  constructor(chunkBytes = defaultChunkBytes) {
    this.#chunkBytes = chunkBytes;
  }

  get pair(): readonly [Buffer, Buffer] {
    this.#pair ??= [this.#allocate(), this.#allocate()];
    return this.#pair;
  }

  #allocate(): Buffer {
    return Buffer.allocUnsafeSlow(roomBytes + this.#chunkBytes);
  }
}

/** `buffer` from `start` to `end`, with `roomBytes` before it that the taker may use. */
interface Chunk {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly isLast: boolean;
}

/**
 * A byte order mark decides; else what is UTF-8 passes unchanged and the rest is transcoded by its
 * detected encoding. Bytes that the encoding cannot map become U+FFFD; newlines stay as they are.
 * @throws RlmError 'CANCELLED', and 'INVALID_INPUT' when the disk fails half-way.
 */
export async function copyText(
  file: OpenedFile,
  sink: TextSink,
  buffers: ChunkBuffers,
  signal: AbortSignal,
): Promise<CopiedText> {
  const mark = readByteOrderMark(file.head.subarray(roomBytes));
  const skippedBytes = mark?.bytes ?? 0;
  let encoding = mark?.encoding ?? 'utf-8';
  if (encoding === 'utf-8') {
    const detected = await copyUtf8(readChunks(file, skippedBytes, buffers, signal), sink);
    if (detected === null) {
      return { encoding, encodingFrom: mark === null ? 'guessed' : 'bom', replacedChars: 0 };
    }
    encoding = mark?.encoding ?? detected;
    await sink.restartSource();
  }
  const chunks = readChunks(file, skippedBytes, buffers, signal);
  const replacedChars = await copyDecoded(chunks, encoding, sink);
  return {
    encoding: encoding.toLowerCase(),
    encodingFrom: mark === null ? 'guessed' : 'bom',
    replacedChars,
  };
}

/** Null when all was UTF-8; else the encoding that it seems to be in, with some of it written. */
async function copyUtf8(chunks: AsyncIterable<Chunk>, sink: TextSink): Promise<string | null> {
  let carry = Buffer.alloc(0);
  let isAsciiSoFar = true;
  for await (const { buffer, start, end, isLast } of chunks) {
    carry.copy(buffer, start - carry.length);
    const bytes = buffer.subarray(start - carry.length, end);
    const whole = bytes.subarray(0, isLast ? bytes.length : completeUtf8Length(bytes));
    if (!isUtf8(whole)) {
      // Valid characters beyond ASCII all the way to here do not come about by chance.
      return isAsciiSoFar ? detectEncoding(bytes) : 'utf-8';
    }
    isAsciiSoFar &&= isAscii(whole);
    carry = Buffer.from(bytes.subarray(whole.length));
    await sink.write(whole);
  }
  return null;
}

async function copyDecoded(
  chunks: AsyncIterable<Chunk>,
  encoding: string,
  sink: TextSink,
): Promise<number> {
  const decoder = getDecoder(encoding, { stripBOM: false });
  const unitBytes = unitBytesByEncoding[encoding] ?? 1;
  let cutPair = '';
  let totalBytes = 0;
  let replaced = 0;
  for await (const { buffer, start, end, isLast } of chunks) {
    const bytes = buffer.subarray(start, end);
    totalBytes += bytes.length;
    let text = cutPair + decoder.write(bytes);
    if (isLast) {
      text += decoder.end() ?? '';
      text += totalBytes % unitBytes === 0 ? '' : '\ufffd';
    }
    cutPair = !isLast && /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
    const whole = Buffer.from(cutPair === '' ? text : text.slice(0, -1));
    replaced += countReplacements(whole) - (encoding === 'utf-8' ? countReplacements(bytes) : 0);
    await sink.write(whole);
  }
  return replaced;
}

const replacement = Buffer.from('\ufffd');

function countReplacements(utf8: Buffer): number {
  let count = 0;
  for (let at = utf8.indexOf(replacement); at >= 0; at = utf8.indexOf(replacement, at + 3)) {
    count += 1;
  }
  return count;
}

/** Of these iconv-lite drops an incomplete last unit without a sign. */
const unitBytesByEncoding: Readonly<Record<string, number>> = {
  'utf-16le': 2,
  'utf-16be': 2,
  'utf-32le': 4,
  'utf-32be': 4,
};

/** The head, then the rest in chunks; the next is being read while one is taken. */
async function* readChunks(
  file: OpenedFile,
  skippedBytes: number,
  buffers: ChunkBuffers,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const { real, handle, head, sizeBytes } = file;
  throwIfCancelled(signal);
  const start = roomBytes + skippedBytes;
  if (handle === null) {
    yield { buffer: head, start, end: head.length, isLast: true };
    return;
  }
  let position = head.length - roomBytes;
  const readNext = (into: Buffer): Promise<number> => {
    const rest = into.subarray(roomBytes, roomBytes + sizeBytes - position);
    const read = readFully(handle, rest, position).catch((error: unknown) => {
      throw unreadableError(real, toErrorWords(error));
    });
    read.catch(() => undefined); // it is awaited after the write, and may fail before
    return read;
  };
  let [filling, resting] = buffers.pair;
  let reading = readNext(filling);
  try {
    yield { buffer: head, start, end: head.length, isLast: false };
    for (let isLast = false; !isLast;) {
      const read = await reading;
      throwIfCancelled(signal);
      position += read;
      isLast = read === 0 || position >= sizeBytes;
      const filled = filling;
      [filling, resting] = [resting, filling];
      if (!isLast) {
        reading = readNext(filling);
      }
      yield { buffer: filled, start: roomBytes, end: roomBytes + read, isLast };
    }
  } finally {
    await reading.catch(() => undefined); // no buffer is given back while the system still fills it
  }
}
