// Notices changes to sessions of other engines. Polling is what it relies on, alike on every platform;
// the folder's change events, where they work, only make new sessions show at once.

import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';

import type { Disposable } from '../base/disposable';
import { isId } from './home';
import type { Sight } from './sessionSight';

const pollMs = 1_000;
/** Sessions that somebody may go on with are among the newest. */
const followedSessions = 200;

interface SessionWatchParts {
  readonly folder: string;
  /** What a session looks like now; `old`: when it was last looked at, null for never. Never rejects. */
  readonly readSight: (sessionId: string, old: Sight | null) => Promise<Sight>;
  readonly onDidChange: (sessionId: string) => void;
}

export class SessionWatch implements Disposable {
  readonly #parts: SessionWatchParts;
  readonly #timer: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  /** Every session; null for one that was there when watching began and was not looked at since. */
  #known: Map<string, Sight | null> | undefined;
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
      const names = await readdir(this.#parts.folder).catch(() => undefined);
      if (names) {
        const sessionIds = names.filter(isId).sort();
        const before = this.#known ?? new Map(sessionIds.map((id) => [id, null]));
        this.#known = await this.#compare(sessionIds, before);
      }
    }
    this.#isPolling = false;
  }

  async #compare(
    sessionIds: readonly string[],
    before: ReadonlyMap<string, Sight | null>,
  ): Promise<Map<string, Sight | null>> {
    const followed = new Set(sessionIds.slice(-followedSessions));
    const now = new Map<string, Sight | null>();
    for (const id of sessionIds) {
      const old = before.get(id);
      if (old !== undefined && !mayHaveChanged(old, followed.has(id))) {
        now.set(id, old);
        continue;
      }
      const sight = await this.#parts.readSight(id, old ?? null);
      now.set(id, sight);
      if (isNews(old, sight)) {
        this.#announce(id);
      }
    }
    for (const id of before.keys()) {
      if (!now.has(id)) {
        this.#announce(id);
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

function mayHaveChanged(old: Sight | null, isFollowed: boolean): boolean {
  return old?.kind === 'underWay' || (isFollowed && old?.kind !== 'over');
}

/**
 * What is there when watching begins is no news, except sessions that are under way: they may have
 * changed since the listener looked.
 */
function isNews(old: Sight | null | undefined, now: Sight): boolean {
  if (now.kind === 'own') {
    return false;
  }
  return old === null ? now.kind === 'underWay' : old?.kind !== now.kind || old.mark !== now.mark;
}
