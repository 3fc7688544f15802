// The sessions of one engine that hold a sandbox: which they are, what happens in them, and room for more.

import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Clock } from './clock';
import { RlmError } from './errors';
import type { TraceEvent } from './event';
import type { Session } from './session';

export interface SessionChange {
  readonly sessionId: string;
  readonly event: TraceEvent;
}

/** A session that is being opened, and takes room already. */
export type Opening = object;

/** Sessions that hold a sandbox at one time. */
const maxLiveSessions = 100;
/** Ended sessions that keep their variables at hand, those used last; all others are read by replay. */
const maxEndedKept = 2;
/** How long they do after their last use, by the characters of their contexts. */
const endedKeepMs = { small: 60_000, large: 10_000 } as const;
const largeContextChars = 5_000_000;
/** Between two looks while there are ended ones: the call that ends one is soon followed by one that reads. */
const sweepEveryMs = 1_000;

export class LiveSessions implements Disposable {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();
  readonly #changed = new Emitter<SessionChange>();
  /** Fires for every event of every live session, in each session's order. */
  readonly onDidChange = this.#changed.event;
  #sweep: Disposable | null = null;
  /** Not among the live ones yet. */
  readonly #openings = new Set<Opening>();
  #disposed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get all(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  get(sessionId: string): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  /** `first`: an event that was in the trace before there was a session to tell of it. */
  add(session: Session, opening: Opening, first?: TraceEvent): void {
    if (this.#disposed) {
      throw new Error('The engine has ended.');
    }
    this.#openings.delete(opening);
    this.#sessions.set(session.id, session);
    session.onDidAppend((event) => {
      this.#changed.fire({ sessionId: session.id, event });
      if (event.status !== 'active') {
        this.#sweepLater();
      }
    });
    session.onDidLoseLease(() => {
      if (this.#sessions.get(session.id) === session) {
        void this.close(session, 'another engine went on with it').catch(() => undefined);
      }
    });
    if (first) {
      this.#changed.fire({ sessionId: session.id, event: first });
    }
  }

  /** Of a session that was changed without being live. */
  tell(change: SessionChange): void {
    this.#changed.fire(change);
  }

  /**
   * Opens one more when there is room for it: ended sessions that nobody uses make room, those longest
   * unused first.
   * @throws RlmError 'BACKEND_UNAVAILABLE' when there is none.
   */
  async withRoom<T>(open: (opening: Opening) => Promise<T>): Promise<T> {
    const opening: Opening = {};
    const excess = this.#sessions.size + this.#openings.size + 1 - maxLiveSessions;
    const idle = this.#listIdle();
    if (idle.length < excess) {
      throw new RlmError(
        'BACKEND_UNAVAILABLE',
        `${maxLiveSessions} sessions are open at once, as many as one engine holds.`,
        { nextStep: 'Finalize sessions that are done (rlm_list_sessions shows them), then retry.' },
      );
    }
    this.#openings.add(opening);
    try {
      await this.#letGo(idle.slice(0, Math.max(0, excess)));
      return await open(opening);
    } finally {
      this.#openings.delete(opening);
    }
  }

  async close(session: Session, reason: string): Promise<void> {
    this.#sessions.delete(session.id);
    await session.close(reason);
  }

  async closeAll(reason: string): Promise<void> {
    await Promise.allSettled(this.all.map((session) => this.close(session, reason)));
  }

  dispose(): void {
    this.#disposed = true;
    this.#sweep?.dispose();
    for (const session of this.#sessions.values()) {
      session.dispose();
    }
    this.#sessions.clear();
    this.#changed.dispose();
  }

  /** Ended and in nobody's use, longest unused first. One that is being rebuilt has not ended. */
  #listIdle(): readonly Session[] {
    return this.all
      .filter(({ status, pendingCalls }) => status !== 'active' && pendingCalls === 0)
      .sort((left, right) => left.lastUsedAt - right.lastUsedAt);
  }

  /** One whose trace cannot be ended is gone all the same, and is nobody else's error. */
  async #letGo(sessions: readonly Session[]): Promise<void> {
    await Promise.allSettled(
      sessions.map((session) => this.close(session, 'its variables were let go')),
    );
  }

  #sweepLater(): void {
    if (this.#disposed || this.#sweep !== null) {
      return;
    }
    this.#sweep = this.#clock.after(sweepEveryMs, () => {
      this.#sweep = null;
      void this.#letGo(this.#listForgettable());
      if (this.all.some(({ status }) => status !== 'active')) {
        this.#sweepLater();
      }
    });
  }

  #listForgettable(): readonly Session[] {
    const now = this.#clock.now();
    const idle = this.#listIdle();
    const excess = idle.length - maxEndedKept;
    return idle.filter(
      (session, index) => index < excess || now - session.lastUsedAt > toKeepMs(session),
    );
  }
}

function toKeepMs({ summary }: Session): number {
  const chars = summary.contexts.reduce((sum, { totalChars }) => sum + totalChars, 0);
  return chars > largeContextChars ? endedKeepMs.large : endedKeepMs.small;
}
