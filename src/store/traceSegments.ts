// A trace as one row of bytes, whatever number of engines wrote it: of each generation's file what its
// lease says, one after another.

import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { openRegularFile } from './homeFile';
import type { LeaseRecord } from './lease';
import { toSegmentName } from './leaseFolder';
import { isMissing } from './storeError';

interface TraceInfo {
  readonly size: number;
  readonly mtimeMs: number;
  /** The newest; left out: the first. */
  readonly generation?: number;
}

/** What readers need of a trace; a plain file has it too. */
export interface TraceBytes {
  stat(): Promise<TraceInfo>;
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

interface OpenSegment {
  readonly generation: number;
  readonly file: FileHandle;
  /** Of the whole trace. */
  readonly start: number;
  /** Infinity for the last one, which grows. */
  readonly end: number;
}

export class TraceSegments implements TraceBytes {
  /** The newest. */
  readonly generation: number;
  /** Where its events begin. */
  readonly newestStart: number;
  readonly #segments: readonly OpenSegment[];

  private constructor(generation: number, segments: readonly OpenSegment[]) {
    this.generation = generation;
    this.#segments = segments;
    const last = segments.at(-1);
    this.newestStart = last?.generation === generation ? last.start : (last?.end ?? 0);
  }

  /** Undefined when there is no trace. @throws the system's error, or RlmError 'PATH_NOT_ALLOWED' */
  static async open(
    folder: string,
    { generation, earlier }: Pick<LeaseRecord, 'generation' | 'earlier'>,
  ): Promise<TraceSegments | undefined> {
    const segments: OpenSegment[] = [];
    try {
      let start = 0;
      for (const one of [...earlier, { generation, bytes: Infinity }]) {
        const file = await openIfThere(join(folder, toSegmentName(one.generation)));
        if (file) {
          const size = one.bytes === Infinity ? Infinity : (await file.stat()).size;
          const end = start + Math.min(one.bytes, size); // somebody may have cut it since
          segments.push({ generation: one.generation, file, start, end });
          start = end;
        }
      }
    } catch (error) {
      await closeAll(segments);
      throw error;
    }
    return segments.length > 0 ? new TraceSegments(generation, segments) : undefined;
  }

  /** Where the events of a generation end; undefined for the newest, and for one that wrote none. */
  findEnd(generation: number): number | undefined {
    const segment = this.#segments.find((one) => one.generation === generation);
    return segment && segment.end !== Infinity ? segment.end : undefined;
  }

  async stat(): Promise<TraceInfo> {
    const { generation } = this;
    const last = this.#segments.at(-1);
    if (!last) {
      return { size: 0, mtimeMs: 0, generation };
    }
    const { size, mtimeMs } = await last.file.stat();
    return { size: Math.min(last.end, last.start + size), mtimeMs, generation };
  }

  /** Up to the end of a segment; less than asked for is not the end. */
  async read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    const segment = this.#segments.find(({ end }) => position < end);
    if (!segment) {
      return { bytesRead: 0 };
    }
    const { file, start, end } = segment;
    return file.read(buffer, offset, Math.min(length, end - position), position - start);
  }

  close(): Promise<void> {
    return closeAll(this.#segments);
  }
}

async function closeAll(segments: readonly OpenSegment[]): Promise<void> {
  await Promise.all(segments.map(({ file }) => file.close()));
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await openRegularFile(path);
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}
