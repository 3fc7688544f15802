// Traces as files below the home folder: one folder per session, one line per event. Longer than a page
// on purpose: what a session's files say of each other is judged in one place.

import { readFile } from 'node:fs/promises';

import { Emitter, type Listen } from '../base/emitter';
import { toDisposable } from '../base/disposable';
import { cancelledError, RlmError } from '../core/errors';
import type { SessionOpened } from '../core/event';
import type { Summary } from '../core/summary';
import type {
  EventPage,
  EventQuery,
  SummaryPage,
  SummaryQuery,
  TraceSink,
  TraceStore,
} from '../core/traceStore';
import { type Home, isId } from './home';
import { parallelReads, SessionFolders } from './sessionFolders';
import { ownSight, readSight, type Sight } from './sessionSight';
import { SessionWatch } from './sessionWatch';
import { SummaryCache } from './summaryCache';
import { heldElsewhere, leaveOwnership, type Owner, readOwner, takeOwnership } from './ownership';
import { isMissing, toStoreError } from './storeError';
import { TraceFile, toTextPath } from './traceFile';
import { readEventPage, readLastEvent } from './traceReader';
import type { ContextScope } from './traceSummary';

interface FileTraceStoreParts {
  readonly home: Home;
  /** The engine that writes through this store. */
  readonly engineId: string;
  /** Whether another engine on this home still runs. */
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
}

export class FileTraceStore implements TraceStore {
  readonly location: string;
  readonly #parts: FileTraceStoreParts;
  readonly #folders: SessionFolders;
  readonly #emitter = new Emitter<string>();
  /** Sessions that this store writes, or has finalized: it announces their changes itself. */
  readonly #own = new Set<string>();
  /** Sessions that this store has removed, and announced itself. */
  readonly #removed = new Set<string>();
  readonly #writers = new Map<string, TraceFile>();
  readonly #cache = new SummaryCache();
  #watch: SessionWatch | undefined;
  #disposed = false;

  constructor(parts: FileTraceStoreParts) {
    this.#parts = parts;
    this.#folders = new SessionFolders(parts.home);
    this.location = parts.home.path;
  }

  /** Sessions of other engines are watched only while somebody listens. */
  readonly onDidChange: Listen<string> = (listener) => {
    if (this.#disposed) {
      return toDisposable(() => undefined);
    }
    const registration = this.#emitter.event(listener);
    this.#watch ??= this.#createWatch();
    return toDisposable(() => {
      registration.dispose();
      if (this.#emitter.listenerCount === 0) {
        this.#endWatch();
      }
    });
  };

  async createTrace(opened: SessionOpened): Promise<TraceSink> {
    const { sessionId } = opened;
    const folder = this.#folders.toPath(sessionId);
    await this.#folders.ensure();
    this.#own.add(sessionId);
    const trace = await TraceFile.create(folder, opened, {
      onDidWrite: () => this.#emitter.fire(sessionId),
    });
    return this.#lend(sessionId, trace);
  }

  async reopenTrace(sessionId: string): Promise<TraceSink> {
    const owner = await this.#requireFree(sessionId);
    const folder = this.#folders.toPath(sessionId);
    await takeOwnership(folder, owner);
    this.#own.add(sessionId);
    try {
      const trace = await TraceFile.reopen(folder, {
        onDidWrite: () => this.#emitter.fire(sessionId),
      });
      return await this.#lend(sessionId, trace, () => leaveOwnership(folder, owner));
    } catch (thrown) {
      this.#own.delete(sessionId);
      await leaveOwnership(folder, owner);
      throw thrown;
    }
  }

  async readText(sessionId: string, name: string): Promise<string | undefined> {
    const path = toTextPath(this.#folders.toPath(sessionId), name);
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw toStoreError(error, `read ${path}`);
    }
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
        // One damaged session must not hide the others.
        batch.map((id) => this.#readSummary(id, 'head-and-tail', isAlive).catch(() => undefined)),
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
    const page = await this.#folders.withTrace(sessionId, (file) => readEventPage(file, query));
    if (!page) {
      throw noSession(sessionId);
    }
    return page;
  }

  async deleteTrace(sessionId: string): Promise<boolean> {
    if (!isId(sessionId)) {
      return false;
    }
    // A file that is still open could not be removed on Windows; what it holds goes anyway.
    await this.#writers
      .get(sessionId)
      ?.close()
      .catch(() => undefined);
    this.#removed.add(sessionId);
    let isRemoved = false;
    try {
      isRemoved = await this.#folders.remove(sessionId);
    } finally {
      if (!isRemoved) {
        this.#removed.delete(sessionId);
      }
    }
    if (isRemoved) {
      this.#writers.delete(sessionId);
      this.#own.delete(sessionId);
      this.#cache.forget(sessionId);
      this.#emitter.fire(sessionId);
    }
    return isRemoved;
  }

  readSize(): Promise<{ readonly sessions: number; readonly bytes: number }> {
    return this.#folders.readSize();
  }

  dispose(): void {
    this.#disposed = true;
    this.#endWatch();
    this.#emitter.dispose();
    for (const writer of this.#writers.values()) {
      void writer.close().catch(() => undefined); // its events are written; only the sync is lost
    }
    this.#writers.clear();
  }

  /** `giveBack` is called when the sink is closed and nothing was written through it. */
  async #lend(
    sessionId: string,
    trace: TraceFile,
    giveBack: () => Promise<void> = async () => undefined,
  ): Promise<TraceSink> {
    if (this.#disposed) {
      await trace.close();
      throw cancelledError('Opening the session');
    }
    this.#writers.set(sessionId, trace);
    let isFinal = false;
    let isUnused = true;
    return {
      append: async (event) => {
        isUnused = false;
        await trace.append(event);
        isFinal ||= event.status === 'finalized';
      },
      keepText: (name, text) => trace.keepText(name, text),
      close: () =>
        trace.close().finally(async () => {
          this.#writers.delete(sessionId);
          if (!isFinal) {
            this.#own.delete(sessionId); // another engine may go on with it
          }
          await (isUnused ? giveBack() : undefined);
        }),
    };
  }

  /**
   * The owner that this engine may become: the next after the one that was judged, so that of two
   * engines that judge at the same time only one becomes it. A session whose last event is its owner's
   * own closing is free although that engine runs.
   */
  async #requireFree(sessionId: string): Promise<Owner> {
    if (!isId(sessionId)) {
      throw noSession(sessionId);
    }
    const { engineId, isEngineAlive } = this.#parts;
    const judged = await readOwner(this.#folders.toPath(sessionId));
    const trace = await this.#folders.withTrace(sessionId, async (file) => {
      const { size } = await file.stat();
      const summary = await this.#cache.read(sessionId, file, 'head-and-tail');
      return summary && { size, last: await readLastEvent(file, size), engineId: summary.engineId };
    });
    if (!trace) {
      throw noSession(sessionId);
    }
    if (!judged) {
      throw heldElsewhere('has just taken');
    }
    const { size, last } = trace;
    const holder = judged.engineId ?? trace.engineId;
    const isLetGo = last?.event.kind === 'session.closed' && last.offset >= judged.traceBytes;
    const isHeld =
      holder === engineId
        ? this.#writers.has(sessionId)
        : !isLetGo && (await isEngineAlive(holder));
    if (isHeld) {
      throw heldElsewhere('holds');
    }
    return { number: judged.number + 1, engineId, traceBytes: size };
  }

  #createWatch(): SessionWatch {
    return new SessionWatch({
      folder: this.#folders.path,
      readSight: (sessionId, old) => this.#readSight(sessionId, old),
      onDidChange: (sessionId) => {
        if (!this.#removed.has(sessionId)) {
          this.#emitter.fire(sessionId);
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
    const read = await this.#folders.withTrace(sessionId, (file) =>
      this.#cache.read(sessionId, file, scope),
    );
    const owner = read && (await readOwner(this.#folders.toPath(sessionId)));
    const summary = read && { ...read, engineId: owner?.engineId ?? read.engineId };
    if (summary?.status === 'active' && !(await isAlive(summary.engineId))) {
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

  async #readSight(sessionId: string, old: Sight | null): Promise<Sight> {
    if (this.#own.has(sessionId)) {
      return ownSight;
    }
    return readSight(old, {
      engineId: this.#parts.engineId,
      readTraceMark: () => this.#folders.readTraceMark(sessionId),
      readSummary: () => this.#readSummary(sessionId, 'head-and-tail', this.#createLivenessCheck()),
    });
  }
}

function noSession(sessionId: string): RlmError {
  return new RlmError('SESSION_NOT_FOUND', `There is no session ${sessionId.slice(0, 80)}.`, {
    nextStep: 'List the sessions with rlm_list_sessions.',
  });
}
