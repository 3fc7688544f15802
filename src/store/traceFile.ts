// Appends to one session's trace. Only whole events stay in the file: what a failed write left is
// cut off again, so that the same event can be given again.

import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { cutText } from '../base/text';
import { RlmError } from '../core/errors';
import type { SessionOpened, TraceEvent } from '../core/event';
import type { TraceSink } from '../core/traceStore';
import { fileMode, folderMode } from './home';
import { toStoreError } from './storeError';
import { encodeEvent } from './traceCodec';

export const traceFileName = 'trace.jsonl';
const newline = 0x0a;
/** Texts are encoded piece by piece, so that a long one is never twice in memory. */
const pieceChars = 1_000_000;

interface TraceFileOptions {
  /** Appends all of `bytes`; tests replace it by a disk that fails. */
  readonly write?: (file: FileHandle, bytes: Buffer) => Promise<void>;
  /** Called after events have reached the file. */
  readonly onDidWrite?: () => void;
}

interface PendingLine {
  readonly line: Buffer;
  readonly resolve: () => void;
  readonly reject: (reason: RlmError) => void;
}

export class TraceFile implements TraceSink {
  readonly #folder: string;
  readonly #file: FileHandle;
  readonly #options: TraceFileOptions;
  #queue: PendingLine[] = [];
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Bytes of the file after the last write that succeeded. */
  #size = 0;
  /** A failed write may have left part of a line that could not be cut off. */
  #isTorn = false;

  private constructor(folder: string, file: FileHandle, options: TraceFileOptions) {
    this.#folder = folder;
    this.#file = file;
    this.#options = options;
  }

  /**
   * Creates the session's folder and its trace with the first event in it; leaves nothing when that fails.
   * @throws RlmError 'INTERNAL_ERROR', also when the folder is there already.
   */
  static async create(
    folder: string,
    opened: SessionOpened,
    options: TraceFileOptions = {},
  ): Promise<TraceFile> {
    try {
      await mkdir(folder, { mode: folderMode });
    } catch (error) {
      throw toStoreError(error, `create the session folder ${folder}`);
    }
    let trace: TraceFile | undefined;
    try {
      const file = await open(join(folder, traceFileName), 'ax', fileMode);
      trace = new TraceFile(folder, file, options);
      await trace.append(opened);
      return trace;
    } catch (error) {
      await trace?.close().catch(() => undefined);
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      throw toStoreError(error, `start a trace in ${folder}`);
    }
  }

  /**
   * Goes on at the end of a trace that is there; a torn last line is closed with the next event.
   * @throws RlmError 'INTERNAL_ERROR'
   */
  static async reopen(folder: string, options: TraceFileOptions = {}): Promise<TraceFile> {
    try {
      const file = await open(join(folder, traceFileName), 'a+', fileMode);
      const trace = new TraceFile(folder, file, options);
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      await file.read(last, 0, 1, Math.max(0, size - 1));
      trace.#size = size;
      trace.#isTorn = size > 0 && last[0] !== newline;
      return trace;
    } catch (error) {
      throw toStoreError(error, `go on with the trace in ${folder}`);
    }
  }

  /**
   * Settles when the event is with the operating system: it survives the death of this process. It is
   * not synced to the platter one by one, so a power failure may cost the last events.
   */
  async append(event: TraceEvent): Promise<void> {
    this.#checkOpen();
    const line = encodeEvent(event);
    const written = new Promise<void>((resolve, reject) => {
      this.#queue.push({ line, resolve, reject });
    });
    this.#writing ??= this.#writeQueue();
    return written;
  }

  /** `name` is of a-z, 0-9, "-" and "_"; a text kept under the same name before is replaced. */
  async keepText(name: string, text: string): Promise<void> {
    this.#checkOpen();
    const path = toTextPath(this.#folder, name);
    try {
      await writeFile(path, toPieces(text), { mode: fileMode });
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined);
      throw toStoreError(error, `keep a text in ${path}`);
    }
  }

  /** Writes what is queued, syncs it to the disk and lets go of the file. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writing;
    try {
      await this.#file.sync();
    } catch (error) {
      throw toStoreError(error, `sync the trace in ${this.#folder}`);
    } finally {
      await this.#file.close();
    }
  }

  /** Events that arrive during a write go out together in the next. */
  async #writeQueue(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#write(Buffer.concat(batch.map((pending) => pending.line)));
        batch.forEach((pending) => pending.resolve());
        this.#options.onDidWrite?.();
      } catch (error) {
        const reason = toStoreError(error, `write the trace in ${this.#folder}`);
        batch.forEach((pending) => pending.reject(reason));
      }
    }
    this.#writing = undefined;
  }

  async #write(lines: Buffer): Promise<void> {
    const bytes = this.#isTorn ? Buffer.concat([Buffer.from('\n'), lines]) : lines;
    try {
      await (this.#options.write ?? appendAll)(this.#file, bytes);
      const { nlink, size } = await this.#file.stat();
      if (nlink === 0) {
        throw new Error('the trace file was deleted while its session ran');
      }
      this.#size = size;
      this.#isTorn = false;
    } catch (error) {
      await this.#cutOff();
      throw error;
    }
  }

  async #cutOff(): Promise<void> {
    try {
      await this.#file.truncate(this.#size);
    } catch {
      // Windows refuses it on a file opened for appending: close the partial line on the next write.
      this.#isTorn = true;
    }
  }

  #checkOpen(): void {
    if (this.#closing) {
      throw new RlmError('INTERNAL_ERROR', `The trace in ${this.#folder} is closed.`, {
        nextStep: 'Open a new session; this one can only be read.',
      });
    }
  }
}

/** Where `keepText` puts a text. @throws RlmError 'INVALID_INPUT' for a name that is none. */
export function toTextPath(folder: string, name: string): string {
  if (!/^[a-z0-9_-]{1,64}$/u.test(name)) {
    throw new RlmError('INVALID_INPUT', `A text cannot be kept as "${name.slice(0, 80)}".`, {
      nextStep: 'Name it with at most 64 of a-z, 0-9, "-" and "_".',
    });
  }
  return join(folder, `${name}.txt`);
}

function appendAll(file: FileHandle, bytes: Buffer): Promise<void> {
  return file.appendFile(bytes);
}

function* toPieces(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const piece = cutText(text.slice(at), pieceChars).text;
    yield piece;
    at += piece.length;
  }
}
