// Reads an opened file in chunks; the next is being read while one is taken.

import { throwIfCancelled } from './cancel';
import { type OpenedFile, readFully, roomBytes, unreadableError } from './openedFile';
import { toErrorWords } from './systemError';

/** Source: measured on 100 MB; smaller costs more round trips, larger gains nothing. */
const defaultChunkBytes = 2_097_152;

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
export interface Chunk {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly isLast: boolean;
}

export interface ChunkReading {
  /** At the file's start. */
  readonly skippedBytes: number;
  readonly buffers: ChunkBuffers;
  readonly signal: AbortSignal;
}

/** The head, then the rest. */
export async function* readChunks(
  file: OpenedFile,
  { skippedBytes, buffers, signal }: ChunkReading,
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
