// Notices changes to sessions of other engines. Polling is what it relies on, alike on every platform;
// the folder's change events, where they work, only make new sessions show at once.

import { type FSWatcher, watch } from 'node:fs';
import { readdir } from 'node:fs/promises';

import type { Disposable } from '../base/disposable';
import { isId } from './home';

const pollMs = 1_000;
/** Sessions that may still change are among the newest. */
const followedAtStart = 200;
/** In place of a stamp for a session that was there when watching began. */
const unread = '';

interface SessionWatchParts {
  readonly folder: string;
  /**
   * What a session looks like now: equal stamps mean no change. Null when nobody will change it any more,
   * or its changes are announced elsewhere. Never rejects.
   */
  readonly readStamp: (sessionId: string) => Promise<string | null>;
  readonly onDidChange: (sessionId: string) => void;
}

export class SessionWatch implements Disposable {
  readonly #parts: SessionWatchParts;
  readonly #timer: NodeJS.Timeout;
  readonly #watcher: FSWatcher | undefined;
  /** Every session seen, with the stamp of those that may still change. */
  #known: Map<string, string | null> | undefined;
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
        const before = this.#known ?? toFirstSight(sessionIds);
        this.#known = await this.#compare(sessionIds, before);
      }
    }
    this.#isPolling = false;
  }

  async #compare(
    sessionIds: readonly string[],
    before: ReadonlyMap<string, string | null>,
  ): Promise<Map<string, string | null>> {
    const now = new Map<string, string | null>();
    for (const id of sessionIds) {
      const old = before.get(id);
      const stamp = old === null ? null : await this.#parts.readStamp(id);
      now.set(id, stamp);
      if (stamp !== old && !(stamp === null && old === unread)) {
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

/**
 * What is there when watching begins is no news, except sessions that are under way: they may have
 * changed since the listener looked.
 */
function toFirstSight(sessionIds: readonly string[]): Map<string, string | null> {
  const followed = new Set(sessionIds.slice(-followedAtStart));
  return new Map(sessionIds.map((id) => [id, followed.has(id) ? unread : null]));
}
