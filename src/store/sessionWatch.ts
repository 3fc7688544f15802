// Notices changes to sessions of other engines. Polling is what it relies on, alike on every platform;
// the folder's change events, where they work, only make new sessions show at once.

import { type FSWatcher, watch } from 'node:fs';

import type { Disposable } from '../base/disposable';
import type { WatchState } from './sessionWatchState';

const pollMs = 1_000;
/** Sessions that somebody may go on with are among the newest. */
const followedSessions = 200;

interface SessionWatchParts {
  readonly folder: string;
  /** Ids of the sessions that are there. */
  readonly list: () => Promise<readonly string[]>;
  /** `old`: the state when it was last read, null for never. Never rejects. */
  readonly readState: (sessionId: string, old: WatchState | null) => Promise<WatchState>;
  readonly onDidChange: (sessionId: string) => void;
  readonly onDidDelete: (sessionId: string) => void;
}

export class SessionWatch implements Disposable {
  readonly #parts: SessionWatchParts;
  readonly #timer: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  /** Every session; null for one that was there when watching began and was not read since. */
  #known: Map<string, WatchState | null> | undefined;
  #isPolling = false;
  #pollAgain = false;
  #disposed = false;

  constructor(parts: SessionWatchParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#poll(), pollMs).unref();
    this.#watcher = this.#createWatcher();
    this.#poll();
  }

  dispose(): void {
    this.#disposed = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  #createWatcher(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#parts.folder, { persistent: false }, () => this.#poll());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return undefined;
    }
  }

  /** One poll at a time; what happens meanwhile is seen by one more. */
  #poll(): void {
    this.#pollAgain = true;
    if (!this.#isPolling) {
      this.#isPolling = true;
      void this.#pollWhileAsked();
    }
  }

  async #pollWhileAsked(): Promise<void> {
    while (this.#pollAgain && !this.#disposed) {
      this.#pollAgain = false;
      const listed = await this.#parts.list().catch(() => undefined);
      if (listed) {
        const sessionIds = [...listed].sort();
        const before = this.#known ?? new Map(sessionIds.map((id) => [id, null]));
        this.#known = await this.#compare(sessionIds, before);
      }
    }
    this.#isPolling = false;
  }

  async #compare(
    sessionIds: readonly string[],
    before: ReadonlyMap<string, WatchState | null>,
  ): Promise<Map<string, WatchState | null>> {
    const followed = new Set(sessionIds.slice(-followedSessions));
    const now = new Map<string, WatchState | null>();
    for (const id of sessionIds) {
      const old = before.get(id);
      if (old !== undefined && !mayHaveChanged(old, followed.has(id))) {
        now.set(id, old);
        continue;
      }
      const state = await this.#parts.readState(id, old ?? null);
      now.set(id, state);
      if (isNews(old, state)) {
        this.#announce(id);
      }
    }
    for (const id of before.keys()) {
      if (!now.has(id) && !this.#disposed) {
        this.#parts.onDidDelete(id);
      }
    }
    return now;
  }

  #announce(sessionId: string): void {
    if (!this.#disposed) {
      this.#parts.onDidChange(sessionId);
    }
  }
}

function mayHaveChanged(old: WatchState | null, isFollowed: boolean): boolean {
  return old?.kind === 'changing' || (isFollowed && old?.kind !== 'ended');
}

/**
 * What is there when watching begins is no news, except sessions that are changing: they may have
 * changed since the listener looked.
 */
function isNews(old: WatchState | null | undefined, now: WatchState): boolean {
  if (now.kind === 'own') {
    return false;
  }
  return old === null
    ? now.kind === 'changing'
    : old?.kind !== now.kind || old.version !== now.version;
}
