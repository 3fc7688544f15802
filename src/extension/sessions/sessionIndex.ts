// What the tree knows: a summary of every session of the home, kept current. Reads the newest page
// first and the rest behind it; tells of changes in batches.

import { type Disposable, DisposableStore } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import type { Clock } from '../../core/clock';
import type { Summary } from '../../core/summary';
import type { SessionSource } from '../sessionSource';
import { type SessionGroup, toGroup } from './sessionGroup';

export interface IndexChange {
  /** Sessions whose own line or details changed. */
  readonly sessionIds: readonly string[];
  /** Groups and parents that have gained or lost a session; 'all' when everything may have moved. */
  readonly moved: 'all' | readonly (SessionGroup | { readonly parentId: string })[];
}

const pageSessions = 200;
/** Changes that come closer together are told as one. */
const batchMs = 100;

export class SessionIndex implements Disposable {
  readonly #source: SessionSource;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  readonly #store = new DisposableStore();
  readonly #changed = this.#store.add(new Emitter<IndexChange>());
  readonly onDidChange = this.#changed.event;
  readonly #summaries = new Map<string, Summary>();
  /** Newest first; made anew after sessions came or went. */
  #order: readonly string[] | undefined;
  readonly #pending = new Set<string>();
  #timer: Disposable | undefined;
  #starting: Promise<void> | undefined;
  #isComplete = false;

  constructor(parts: {
    readonly source: SessionSource;
    readonly clock: Clock;
    readonly log: (line: string) => void;
  }) {
    this.#source = parts.source;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** Whether every session of the home has been read. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Settles when the newest sessions are known; begins to follow changes. @throws RlmError */
  start(): Promise<void> {
    if (!this.#starting) {
      this.#starting = this.#start();
      this.#starting.catch(() => {
        this.#starting = undefined;
      });
    }
    return this.#starting;
  }

  get(sessionId: string): Summary | undefined {
    return this.#summaries.get(sessionId);
  }

  groupOf(summary: Summary): SessionGroup {
    return toGroup(summary, this.#source.engine?.engineId ?? null);
  }

  /** Sessions of a group that `matches` takes, newest first; those with a known parent stand under it. */
  listRoots(group: SessionGroup, matches: (summary: Summary) => boolean): readonly Summary[] {
    return this.#list((one) => this.groupOf(one) === group && !this.#isChild(one) && matches(one));
  }

  /** Every session that `matches` takes, newest first. */
  listAll(matches: (summary: Summary) => boolean): readonly Summary[] {
    return this.#list(matches);
  }

  /** Oldest first. */
  listChildren(sessionId: string): readonly Summary[] {
    return this.#list((one) => one.parentSessionId === sessionId).toReversed();
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#store.dispose();
  }

  #list(matches: (summary: Summary) => boolean): readonly Summary[] {
    this.#order ??= [...this.#summaries.keys()].sort().toReversed(); // ids sort by time
    const summaries = this.#order.map((sessionId) => this.#summaries.get(sessionId));
    return summaries.filter((one) => one !== undefined && matches(one)) as readonly Summary[]; // defined
  }

  #isChild({ parentSessionId }: Summary): boolean {
    return parentSessionId !== null && this.#summaries.has(parentSessionId);
  }

  async #start(): Promise<void> {
    const following = this.#source.onDidChange((sessionId) => this.#note(sessionId));
    try {
      const cursor = await this.#readPage(null);
      this.#store.add(following);
      this.#store.add(this.#source.onDidReplace(() => this.#announce([], 'all')));
      void this.#readRest(cursor).catch((thrown: unknown) => {
        this.#log(`Older sessions could not be listed: ${String(thrown)}`);
      });
    } catch (thrown) {
      following.dispose();
      throw thrown;
    }
  }

  async #readRest(first: string | null): Promise<void> {
    for (let cursor = first; cursor !== null && !this.#store.isDisposed;) {
      cursor = await this.#readPage(cursor);
    }
    this.#isComplete = true;
    this.#announce([], 'all');
  }

  async #readPage(cursor: string | null): Promise<string | null> {
    const store = await this.#source.store();
    const page = await store.listSummaries({ status: null, limit: pageSessions, cursor });
    for (const summary of page.summaries) {
      const known = this.#summaries.get(summary.sessionId);
      if (!known || known.updatedAt <= summary.updatedAt) {
        this.#summaries.set(summary.sessionId, summary);
      }
    }
    this.#order = undefined;
    return page.nextCursor;
  }

  #note(sessionId: string): void {
    this.#pending.add(sessionId);
    this.#timer ??= this.#clock.after(batchMs, () => void this.#readPending());
  }

  async #readPending(): Promise<void> {
    this.#timer = undefined;
    const sessionIds = [...this.#pending];
    this.#pending.clear();
    const read = await Promise.all(
      sessionIds.map((id) => this.#source.readSummary(id).catch(() => this.#summaries.get(id))),
    );
    const moved = sessionIds.flatMap((id, index) => this.#replace(id, read[index]));
    this.#announce(sessionIds, moved);
  }

  /** Puts in the summary, or takes it out; says what has gained or lost by it. */
  #replace(sessionId: string, summary: Summary | undefined): (SessionGroup | ParentPlace)[] {
    const before = this.#placeOf(sessionId);
    if (summary) {
      this.#summaries.set(sessionId, summary);
    } else {
      this.#summaries.delete(sessionId);
    }
    this.#order = undefined;
    const after = this.#placeOf(sessionId);
    const isSame = JSON.stringify(before) === JSON.stringify(after);
    return isSame ? [] : [before, after].filter((place) => place !== null);
  }

  #placeOf(sessionId: string): SessionGroup | ParentPlace | null {
    const summary = this.#summaries.get(sessionId);
    if (!summary) {
      return null;
    }
    const { parentSessionId } = summary;
    return parentSessionId !== null && this.#isChild(summary)
      ? { parentId: parentSessionId }
      : this.groupOf(summary);
  }

  #announce(sessionIds: readonly string[], moved: IndexChange['moved']): void {
    if (!this.#store.isDisposed) {
      this.#changed.fire({ sessionIds, moved });
    }
  }
}

interface ParentPlace {
  readonly parentId: string;
}
