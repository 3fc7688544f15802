// Appends to one session's trace what one generation of its lease has to say. Only whole events stay in
// the file: what a failed write left is cut off again, so that the same event can be given again.

import { type FileHandle, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { ownerFile, ownerFolder } from '../base/ownerOnly';
import { cutText } from '../base/text';
import { RlmError } from '../core/errors';
import type { SessionOpened, TraceEvent } from '../core/event';
import { LeaseLostError, type TraceSink } from '../core/traceStore';
import { LeaseFolder, toSegmentName } from './leaseFolder';
import { isMissing, toStoreError } from './storeError';
import { encodeEvent } from './traceCodec';

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

/** `lost`: another engine has taken the session over, so nothing is written any more. */
type WriterState = 'open' | 'lost' | 'closed';

export class TraceFile implements TraceSink {
  readonly #folder: string;
  readonly #generation: number;
  readonly #file: FileHandle;
  readonly #options: TraceFileOptions;
  readonly #leases: LeaseFolder;
  #state: WriterState = 'open';
  #queue: PendingLine[] = [];
  #writing: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  /** Bytes of the file after the last write that succeeded. */
  #size = 0;
  /** A failed write may have left part of a line that could not be cut off. */
  #isTorn = false;

  private constructor(
    { folder, generation }: { readonly folder: string; readonly generation: number },
    file: FileHandle,
    options: TraceFileOptions,
  ) {
    this.#folder = folder;
    this.#generation = generation;
    this.#file = file;
    this.#options = options;
    this.#leases = new LeaseFolder(folder);
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
      await mkdir(folder, { mode: ownerFolder });
    } catch (error) {
      throw toStoreError(error, `create the session folder ${folder}`);
    }
    let trace: TraceFile | undefined;
    try {
      trace = await TraceFile.goOn(folder, 0, options);
      await trace.append(opened);
      return trace;
    } catch (error) {
      await trace?.close().catch(() => undefined);
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      throw toStoreError(error, `start a trace in ${folder}`);
    }
  }

  /**
   * Goes on with a trace, in the file of a generation that this engine has claimed.
   * @throws RlmError 'INTERNAL_ERROR'
   */
  static async goOn(
    folder: string,
    generation: number,
    options: TraceFileOptions = {},
  ): Promise<TraceFile> {
    const path = join(folder, toSegmentName(generation));
    try {
      return new TraceFile({ folder, generation }, await open(path, 'ax', ownerFile), options);
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

  async checkLease(): Promise<void> {
    this.#checkOpen();
    if (this.#leases.isClaimed(this.#generation + 1)) {
      throw this.#lose();
    }
  }

  /** `name` is of a-z, 0-9, "-" and "_"; a text kept under the same name before is replaced. */
  async keepText(name: string, text: string): Promise<void> {
    this.#checkOpen();
    const path = toTextPath(this.#folder, { name, generation: this.#generation });
    try {
      await rm(path, { force: true }); // never through a link that somebody has put there
      await writeFile(path, toPieces(text), { mode: ownerFile, flag: 'wx' });
    } catch (error) {
      await rm(path, { force: true }).catch(() => undefined);
      throw isMissing(error)
        ? deletedError(this.#folder)
        : toStoreError(error, `keep a text in ${path}`);
    }
  }

  /** Writes what is queued, syncs it to the disk and lets go of the file. */
  close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closed';
    }
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
        if (this.#state === 'lost') {
          throw new LeaseLostError();
        }
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
        throw deletedError(this.#folder);
      }
      // Who takes over claims first and then looks at what is there: without a claim by now, this counts.
      if (this.#leases.isClaimed(this.#generation + 1)) {
        throw this.#lose();
      }
      this.#size = size;
      this.#isTorn = false;
    } catch (error) {
      if (this.#state !== 'lost') {
        await this.#cutOff(); // of a lost one the next generation has counted the bytes already
      }
      throw error;
    }
  }

  #lose(): LeaseLostError {
    this.#state = 'lost';
    return new LeaseLostError();
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
    switch (this.#state) {
      case 'open':
        return;
      case 'lost':
        throw new LeaseLostError();
      case 'closed':
        throw new RlmError('INTERNAL_ERROR', `The trace in ${this.#folder} is closed.`, {
          nextStep: 'Open a new session; this one can only be read.',
        });
    }
  }
}

function deletedError(folder: string): RlmError {
  return new RlmError(
    'SESSION_NOT_FOUND',
    `The trace of the session was deleted while it ran: ${folder} is gone.`,
    { nextStep: 'Nothing more of it can be recorded: open a new session with rlm_init_context.' },
  );
}

/** Where `keepText` puts a text. @throws RlmError 'INVALID_INPUT' for a name that is none. */
export function toTextPath(
  folder: string,
  { name, generation }: { readonly name: string; readonly generation: number },
): string {
  if (!/^[a-z0-9_-]{1,64}$/u.test(name)) {
    throw new RlmError('INVALID_INPUT', `A text cannot be kept as "${name.slice(0, 80)}".`, {
      nextStep: 'Name it with at most 64 of a-z, 0-9, "-" and "_".',
    });
  }
  return join(folder, generation === 0 ? `${name}.txt` : `${name}.${generation}.txt`);
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
