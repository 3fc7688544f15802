// A trace store without files. Cursors are plain numbers.

import { Emitter } from '../../src/base/emitter';
import { RlmError } from '../../src/core/errors';
import {
  type SessionOpened,
  type SessionStatus,
  sessionStatuses,
  type TraceEvent,
} from '../../src/core/event';
import type { Summary } from '../../src/core/summary';
import type {
  EventPage,
  EventQuery,
  SummaryPage,
  SummaryQuery,
  TracePiece,
  TraceSink,
  TraceStore,
} from '../../src/core/traceStore';
import { foldEvents } from './sampleTrace';

export class MemoryTraceStore implements TraceStore {
  readonly location = '/home/rlm';
  readonly #traces = new Map<string, TraceEvent[]>();
  readonly #texts = new Map<string, string>();
  readonly #changed = new Emitter<string>();
  readonly onDidChange = this.#changed.event;
  readonly #deleted = new Emitter<string>();
  readonly onDidDelete = this.#deleted.event;

  /** Events that find the disk full. */
  refuses: (event: TraceEvent) => boolean = () => false;

  get listenerCount(): number {
    return this.#changed.listenerCount;
  }

  /** Puts in a trace as another engine would have left it. */
  addForeignTrace(sessionId: string, events: readonly TraceEvent[]): void {
    this.#traces.set(sessionId, [...events]);
    this.#changed.fire(sessionId);
  }

  countByStatus(): Record<SessionStatus, number> {
    const count = (status: SessionStatus): number =>
      this.#summaries().filter((summary) => summary.status === status).length;
    return Object.fromEntries(sessionStatuses.map((status) => [status, count(status)])) as Record<
      SessionStatus,
      number
    >; // has all of them
  }

  async createTrace(opened: SessionOpened): Promise<TraceSink> {
    const events: TraceEvent[] = [opened];
    this.#traces.set(opened.sessionId, events);
    return this.#createSink(opened.sessionId, events);
  }

  async reopenTrace(sessionId: string): Promise<TraceSink> {
    return this.#createSink(sessionId, this.#traces.get(sessionId) ?? []);
  }

  async readText(sessionId: string, name: string): Promise<string | undefined> {
    return this.#texts.get(`${sessionId}/${name}`);
  }

  #createSink(sessionId: string, events: TraceEvent[]): TraceSink {
    return {
      append: async (event) => {
        if (this.refuses(event)) {
          throw new RlmError('INTERNAL_ERROR', 'The disk is full.', { nextStep: 'Make room.' });
        }
        events.push(event);
        this.#changed.fire(sessionId);
      },
      checkLease: async () => undefined,
      keepText: async (name, text) => {
        this.#texts.set(`${sessionId}/${name}`, text);
      },
      close: async () => undefined,
    };
  }

  async readSummary(sessionId: string): Promise<Summary | undefined> {
    return foldEvents(this.#traces.get(sessionId) ?? []);
  }

  async listSummaries({ status, limit, cursor }: SummaryQuery): Promise<SummaryPage> {
    const all = this.#summaries().filter((one) => status === null || one.status === status);
    const page = toPage(all, limit, cursor);
    return { summaries: page.items, nextCursor: page.nextCursor };
  }

  async readEvents(sessionId: string, query: EventQuery): Promise<EventPage> {
    const events = (this.#traces.get(sessionId) ?? []).filter(
      ({ step }) =>
        step >= (query.fromStep ?? 0) && step <= (query.toStep ?? Number.MAX_SAFE_INTEGER),
    );
    const page = toPage(events, query.limit, query.cursor);
    return { events: page.items, nextCursor: page.nextCursor, unreadable: [] };
  }

  async listMarks(): Promise<ReadonlyMap<string, string>> {
    return new Map([...this.#traces].map(([id, events]) => [id, String(events.length)]));
  }

  async readOn(sessionId: string, position: string | null): Promise<TracePiece> {
    const events = this.#traces.get(sessionId);
    if (!events) {
      throw new RlmError('SESSION_NOT_FOUND', 'There is none.', { nextStep: 'List them.' });
    }
    const from = Number(position ?? 0);
    const isRestart = from > events.length;
    return {
      events: events.slice(isRestart ? 0 : from),
      position: String(events.length),
      ...{ isRestart, isEnd: true, unreadable: 0 },
    };
  }

  async deleteTrace(sessionId: string): Promise<boolean> {
    const isDeleted = this.#traces.delete(sessionId);
    if (isDeleted) {
      this.#deleted.fire(sessionId);
      this.#changed.fire(sessionId);
    }
    return isDeleted;
  }

  async readSize(): Promise<{ sessions: number; bytes: number }> {
    return { sessions: this.#traces.size, bytes: JSON.stringify([...this.#traces]).length };
  }

  dispose(): void {
    this.#changed.dispose();
    this.#deleted.dispose();
  }

  #summaries(): Summary[] {
    const folded = [...this.#traces.values()].map((events) => foldEvents(events));
    return folded.filter((summary) => summary !== undefined).reverse();
  }
}

function toPage<T>(all: readonly T[], limit: number, cursor: string | null) {
  const from = cursor === null ? 0 : Number(cursor);
  if (!Number.isSafeInteger(from)) {
    throw new RlmError('INVALID_INPUT', `The cursor ${cursor} is not one.`, {
      nextStep: 'Give next_cursor of the page before.',
    });
  }
  const end = from + limit;
  return { items: all.slice(from, end), nextCursor: end < all.length ? String(end) : null };
}
