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
    return toGroup(summary, this.#source.isHere(summary));
  }

  /** Sessions of a group that `matches` takes, newest first; those with a known parent stand under it. */
  listRoots(group: SessionGroup, matches: (summary: Summary) => boolean): readonly Summary[] {
    return this.#list(
      (one) => this.groupOf(one) === group && this.parentOf(one) === null && matches(one),
    );
  }

  /** Every session that `matches` takes, newest first. */
  listAll(matches: (summary: Summary) => boolean): readonly Summary[] {
    return this.#list(matches);
  }

  /** Oldest first. */
  listChildren(sessionId: string): readonly Summary[] {
    return this.#list((one) => this.parentOf(one) === sessionId).toReversed();
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

  /**
   * The session under which this one stands; null: it stands by itself. A child is deeper than its parent,
   * so no trace, whatever it says, is among its own parents.
   */
  parentOf({ parentSessionId, depth }: Summary): string | null {
    const parent = parentSessionId === null ? undefined : this.#summaries.get(parentSessionId);
    return parent && parent.depth < depth ? parent.sessionId : null;
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
  #replace(sessionId: string, summary: Summary | undefined): Place[] {
    const isNewOrGone = this.#summaries.has(sessionId) !== (summary !== undefined);
    const children = isNewOrGone
      ? this.#list((one) => one.parentSessionId === sessionId).map((one) => one.sessionId)
      : [];
    const family = [sessionId, ...children]; // children stand under it, or by themselves
    const before = family.map((id) => this.#placeOf(id));
    if (summary) {
      this.#summaries.set(sessionId, summary);
    } else {
      this.#summaries.delete(sessionId);
    }
    this.#order = undefined;
    return family.flatMap((id, index) => {
      const [old, now] = [before[index] ?? null, this.#placeOf(id)];
      const isSame = JSON.stringify(old) === JSON.stringify(now);
      return isSame ? [] : [old, now].filter((place) => place !== null);
    });
  }

  #placeOf(sessionId: string): Place | null {
    const summary = this.#summaries.get(sessionId);
    if (!summary) {
      return null;
    }
    const parentId = this.parentOf(summary);
    return parentId === null ? this.groupOf(summary) : { parentId };
  }

  #announce(sessionIds: readonly string[], moved: IndexChange['moved']): void {
    if (!this.#store.isDisposed) {
      this.#changed.fire({ sessionIds, moved });
    }
  }
}

/** Where a session stands in the tree. */
type Place = SessionGroup | { readonly parentId: string };
