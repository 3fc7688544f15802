// Traces as files below the home folder: one folder per session, one line per event. Here is what is read of them
// and announced; `traceWriting.ts` has who writes. Above 250 lines: a reader's ways to a trace stand together.

import { Emitter, type Listen } from '../base/emitter';
import { type Disposable, toDisposable } from '../base/disposable';
import { RlmError } from '../core/errors';
import { agentStatuses, isAtRest } from '../core/agent/agentState';
import type { SessionOpened, SessionStatus } from '../core/event';
import type { Summary } from '../core/summary';
import {
  type EventPage,
  type EventQuery,
  type SummaryPage,
  type SummaryQuery,
  type TracePiece,
  type TraceSink,
  type TraceStore,
  parallelReads,
} from '../core/traceStore';
import { type Home, isId } from './home';
import { SessionFolders } from './sessionFolders';
import { readRegularFile } from './homeFile';
import { type Lease, toHolderId } from './lease';
import { SessionWatch } from './sessionWatch';
import { ownState, readWatchState, type WatchState } from './sessionWatchState';
import { hasSystemCode, isMissing, toStoreError } from './storeError';
import { SummaryCache } from './summaryCache';
import { toTextPath } from './traceFile';
import { readPiece } from './tracePieces';
import { WrittenTraces } from './writtenTraces';
import { readEventPage, readOpened } from './traceReader';
import type { TraceSegments } from './traceSegments';
import type { ContextScope } from './traceSummary';
import { TraceWriting, noSession } from './traceWriting';

interface FileTraceStoreParts {
  readonly home: Home;
  /** The engine that writes through this store. */
  readonly engineId: string;
  /** Whether another engine on this home still runs. */
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
}

/** A longer text was never kept. */
const maxTextBytes = 2 ** 29;

export class FileTraceStore implements TraceStore {
  readonly location: string;
  readonly #parts: FileTraceStoreParts;
  readonly #folders: SessionFolders;
  readonly #writing: TraceWriting;
  readonly #changed = new Emitter<string>();
  readonly #deleted = new Emitter<string>();
  readonly #written = new WrittenTraces();
  /** Sessions that this store has removed, and announced itself. */
  readonly #removed = new Set<string>();
  readonly #cache = new SummaryCache();
  /** Sessions whose folder holds their own trace. */
  readonly #checked = new Set<string>();
  #watch: SessionWatch | undefined;
  #disposed = false;

  constructor(parts: FileTraceStoreParts) {
    this.#parts = parts;
    this.#folders = new SessionFolders(parts.home);
    this.#writing = new TraceWriting({
      ...parts,
      folders: this.#folders,
      written: this.#written,
      cache: this.#cache,
      withTrace: (sessionId, read) => this.#withTrace(sessionId, read),
      onDidWrite: (sessionId) => this.#changed.fire(sessionId),
    });
    this.location = parts.home.path;
  }

  /** Sessions of other engines are watched only while somebody listens. */
  readonly onDidChange: Listen<string> = (listener) => this.#listen(this.#changed, listener);
  readonly onDidDelete: Listen<string> = (listener) => this.#listen(this.#deleted, listener);

  createTrace(opened: SessionOpened): Promise<TraceSink> {
    return this.#writing.create(opened);
  }

  reopenTrace(sessionId: string): Promise<TraceSink> {
    return this.#writing.reopen(sessionId);
  }

  async readText(sessionId: string, name: string): Promise<string | undefined> {
    const found = await this.#withTrace(sessionId, async (_trace, { record }) => {
      const generations = [record, ...record.earlier.toReversed()];
      for (const { generation } of generations) {
        const path = toTextPath(this.#folders.toPath(sessionId), { name, generation });
        try {
          return (await readRegularFile(path, maxTextBytes)).toString('utf8');
        } catch (error) {
          if (!isMissing(error)) {
            throw toStoreError(error, `read ${path}`);
          }
        }
      }
      return undefined;
    });
    return found;
  }

  async readSummary(sessionId: string): Promise<Summary | undefined> {
    return this.#readSummary(sessionId, 'all', this.#createLivenessCheck());
  }

  async listSummaries(query: SummaryQuery): Promise<SummaryPage> {
    const { cursor, status } = query;
    if (cursor !== null && !isId(cursor)) {
      throw new RlmError(
        'INVALID_INPUT',
        `"${cursor.slice(0, 80)}" is not a cursor of this list.`,
        {
          nextStep: 'Pass next_cursor of the page before, unchanged, or none for the first page.',
        },
      );
    }
    const limit = Math.max(1, query.limit);
    const sessionIds = (await this.#folders.list()).filter((id) => cursor === null || id < cursor);
    const isAlive = this.#createLivenessCheck();
    const summaries: Summary[] = [];
    for (let at = 0; at < sessionIds.length; at += parallelReads) {
      const batch = sessionIds.slice(at, at + parallelReads);
      const read = await Promise.all(
        batch.map((id) => this.#readSummary(id, 'head-and-tail', isAlive).catch(skipDamaged)),
      );
      for (const [index, summary] of read.entries()) {
        if (summary && (status === null || summary.status === status)) {
          summaries.push(summary);
        }
        if (summaries.length === limit) {
          const isLast = at + index === sessionIds.length - 1;
          return { summaries, nextCursor: isLast ? null : (batch[index] ?? null) };
        }
      }
    }
    return { summaries, nextCursor: null };
  }

  async readEvents(sessionId: string, query: EventQuery): Promise<EventPage> {
    const page = await this.#withTrace(sessionId, async (trace) => {
      const cursor = query.cursor === null ? null : toOffset(query.cursor, trace);
      const read = await readEventPage(trace, { ...query, cursor });
      return { ...read, nextCursor: toCursor(read.nextCursor, trace) };
    });
    if (!page) {
      throw noSession(sessionId);
    }
    return page;
  }

  async listMarks(): Promise<ReadonlyMap<string, string>> {
    const marks = new Map<string, string>();
    const sessionIds = await this.#folders.list();
    for (let at = 0; at < sessionIds.length; at += parallelReads) {
      const batch = sessionIds.slice(at, at + parallelReads);
      const read = await Promise.all(
        batch.map((id) => this.#folders.readTraceMark(id).catch(() => undefined)),
      );
      read.forEach((mark, index) => {
        const id = batch[index];
        if (mark !== undefined && id !== undefined) {
          marks.set(id, mark);
        }
      });
    }
    return marks;
  }

  async readOn(sessionId: string, position: string | null): Promise<TracePiece> {
    const piece = await this.#withTrace(sessionId, (trace) => readPiece(trace, position));
    if (!piece) {
      throw noSession(sessionId);
    }
    return piece;
  }

  async deleteTrace(sessionId: string): Promise<boolean> {
    if (!isId(sessionId)) {
      return false;
    }
    // A file that is still open could not be removed on Windows; what it holds goes anyway.
    await this.#written.close(sessionId);
    this.#removed.add(sessionId);
    let isRemoved = false;
    try {
      isRemoved = await this.#folders.remove(sessionId);
    } finally {
      if (!isRemoved) {
        this.#removed.delete(sessionId);
      }
    }
    this.#written.forget(sessionId); // closed, whether its files are gone or not
    if (isRemoved) {
      this.#written.leave(sessionId);
      this.#announceDeleted(sessionId);
    }
    return isRemoved;
  }

  readSize(): Promise<{ readonly sessions: number; readonly bytes: number }> {
    return this.#folders.readSize();
  }

  dispose(): void {
    this.#disposed = true;
    this.#endWatch();
    this.#changed.dispose();
    this.#deleted.dispose();
    this.#written.dispose();
  }

  /**
   * Lends a trace that is of the session asked for, whatever lies in its folder.
   * @throws RlmError 'SESSION_NOT_FOUND' when another session's is there.
   */
  async #withTrace<T>(
    sessionId: string,
    read: (trace: TraceSegments, lease: Lease) => Promise<T>,
  ): Promise<T | undefined> {
    return this.#folders.withTrace(sessionId, async (trace, lease) => {
      if (!this.#checked.has(sessionId)) {
        const opened = await readOpened(trace);
        if (opened && opened.sessionId !== sessionId) {
          throw new RlmError(
            'SESSION_NOT_FOUND',
            `The folder ${sessionId} holds the trace of another session, ${opened.sessionId.slice(0, 80)}.`,
            { nextStep: 'List the sessions with rlm_list_sessions, and remove that copy by hand.' },
          );
        }
        if (opened) {
          this.#checked.add(sessionId);
        }
      }
      return read(trace, lease);
    });
  }

  #listen(emitter: Emitter<string>, listener: (sessionId: string) => void): Disposable {
    if (this.#disposed) {
      return toDisposable(() => undefined);
    }
    const registration = emitter.event(listener);
    this.#watch ??= this.#createWatch();
    return toDisposable(() => {
      registration.dispose();
      if (this.#changed.listenerCount + this.#deleted.listenerCount === 0) {
        this.#endWatch();
      }
    });
  }

  #announceDeleted(sessionId: string): void {
    this.#cache.forget(sessionId);
    this.#checked.delete(sessionId);
    this.#deleted.fire(sessionId);
    this.#changed.fire(sessionId);
  }

  #createWatch(): SessionWatch {
    return new SessionWatch({
      folder: this.#folders.path,
      list: () => this.#folders.list(),
      readState: (sessionId, old) => this.#readState(sessionId, old),
      onDidChange: (sessionId) => {
        if (!this.#removed.has(sessionId)) {
          this.#changed.fire(sessionId);
        }
      },
      onDidDelete: (sessionId) => {
        if (!this.#removed.has(sessionId)) {
          this.#announceDeleted(sessionId);
        }
      },
    });
  }

  #endWatch(): void {
    this.#watch?.dispose();
    this.#watch = undefined;
  }

  async #readSummary(
    sessionId: string,
    scope: ContextScope,
    isAlive: (engineId: string) => Promise<boolean>,
  ): Promise<Summary | undefined> {
    const summary = await this.#withTrace(sessionId, async (trace, { record }) => {
      const read = await this.#cache.read(sessionId, trace, scope);
      return read && { ...read, engineId: toHolderId(record, read.engineId) ?? read.engineId };
    });
    if (summary && isHeld(summary.status) && !(await isAlive(summary.engineId))) {
      return { ...summary, status: 'interrupted', running: false };
    }
    return summary;
  }

  /** Asks once per engine. */
  #createLivenessCheck(): (engineId: string) => Promise<boolean> {
    const answers = new Map([[this.#parts.engineId, Promise.resolve(true)]]);
    return (engineId) => {
      const answer = answers.get(engineId) ?? this.#parts.isEngineAlive(engineId);
      answers.set(engineId, answer);
      return answer;
    };
  }

  async #readState(sessionId: string, old: WatchState | null): Promise<WatchState> {
    if (this.#written.isOwn(sessionId)) {
      return ownState;
    }
    return readWatchState(old, {
      engineId: this.#parts.engineId,
      readTraceMark: () => this.#folders.readTraceMark(sessionId),
      readSummary: () => this.#readSummary(sessionId, 'head-and-tail', this.#createLivenessCheck()),
    });
  }
}

/** Only while its engine lives. */
function isHeld(status: SessionStatus): boolean {
  return status === 'active' || agentStatuses.some((one) => one === status && !isAtRest(one));
}

/**
 * Cursors name the generation that was the newest when they were given out: what it wrote too late to
 * count is passed over.
 */
function toCursor(offset: string | null, { generation }: TraceSegments): string | null {
  return offset === null || generation === 0 ? offset : `${offset}-${generation}`;
}

function toOffset(cursor: string, trace: TraceSegments): string {
  const [, offset, generation] = /^(\d{1,15})(?:-(\d{1,6}))?$/u.exec(cursor) ?? [];
  if (offset === undefined) {
    return cursor; // refused by the reader
  }
  return String(Math.min(Number(offset), trace.findEnd(Number(generation ?? 0)) ?? Infinity));
}

/** One damaged session must not hide the others; what the system refuses for the moment concerns them all. */
function skipDamaged(error: unknown): undefined {
  const cause = error instanceof RlmError ? error.cause : error;
  if (hasSystemCode(cause, 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN')) {
    throw error;
  }
  return undefined;
}
