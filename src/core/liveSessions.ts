// The sessions of one engine that hold a sandbox: which they are, what happens in them, and room for more.

import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Clock } from './clock';
import { RlmError, cancelledError } from './errors';
import type { TraceEvent } from './event';
import type { Session } from './session';
import { SessionReader } from './sessionReader';
import type { Summary } from './summary';

export interface SessionChange {
  readonly sessionId: string;
  readonly event: TraceEvent;
}

/** A session that is being opened, and takes room already. */
export interface Opening {
  readonly memoryMb: number;
}

/** What sessions and readers that hold a sandbox may take at one time. */
export interface Room {
  readonly sessions: number;
  /** As their `max_memory_mb` count, and a byte for each character of their contexts; null: any. */
  readonly memoryMb: number | null;
  /** Whose limits they are. `server`: what other users leave. */
  readonly of: 'engine' | 'user' | 'server';
}

const engineRoom: Room = { sessions: 100, memoryMb: null, of: 'engine' };
const bytesPerMb = 1_000_000;
/** Ended sessions, and readers, that keep their variables at hand, those used last; all others are read by replay. */
const maxEndedKept = 2;
/** How long they do after their last use, by the characters of their contexts. */
const endedKeepMs = { small: 60_000, large: 10_000 } as const;
const largeContextChars = 5_000_000;
/** Between two looks while there are ended ones: the call that ends one is soon followed by one that reads. */
const sweepEveryMs = 1_000;

export class LiveSessions implements Disposable {
  readonly #clock: Clock;
  readonly #readRoom: () => Room;
  readonly #sessions = new Map<string, Session>();
  /** Sessions that are being let go. */
  readonly #closing = new Map<string, Promise<void>>();
  /** By their session, which may be live besides. */
  readonly #readers = new Map<string, SessionReader>();
  readonly #changed = new Emitter<SessionChange>();
  /** Fires for every event of every live session, in each session's order. */
  readonly onDidChange = this.#changed.event;
  #sweep: Disposable | null = null;
  /** Not among the live ones yet. */
  readonly #openings = new Set<Opening>();
  #disposed = false;

  constructor(clock: Clock, readRoom: () => Room = () => engineRoom) {
    this.#clock = clock;
    this.#readRoom = readRoom;
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

  /** Of all that hold a sandbox or are about to, in MB as `Room` counts it. */
  get heldMb(): number {
    const held = [...this.#sessions.values(), ...this.#readers.values()].map(toMemoryMb);
    const opening = [...this.#openings].map(({ memoryMb }) => memoryMb);
    return [...held, ...opening].reduce((sum, memoryMb) => sum + memoryMb, 0);
  }

  /**
   * Opens one more when there is room for it: ended sessions that nobody uses make room, those longest
   * unused first.
   * @throws RlmError 'BACKEND_UNAVAILABLE' when there is none.
   */
  async withRoom<T>(needed: Opening, open: (opening: Opening) => Promise<T>): Promise<T> {
    const opening = { ...needed };
    const leaving = this.#chooseLeaving(needed.memoryMb);
    this.#openings.add(opening);
    try {
      await this.#letGo(leaving);
      return await open(opening);
    } finally {
      this.#openings.delete(opening);
    }
  }

  getReader(sessionId: string): SessionReader | undefined {
    return this.#readers.get(sessionId);
  }

  addReader(reader: SessionReader, opening: Opening): void {
    if (this.#disposed) {
      reader.dispose();
      throw cancelledError('Reading the session');
    }
    this.#openings.delete(opening);
    void this.closeReader(reader.id);
    this.#readers.set(reader.id, reader);
    this.#sweepLater();
  }

  /** Of the session, if there is one: calls that read from it are answered yet. */
  async closeReader(sessionId: string): Promise<void> {
    const reader = this.#readers.get(sessionId);
    this.#readers.delete(sessionId);
    await reader?.close();
  }

  /** A call for a session that is being let go already settles with that. */
  close(session: Session, reason: string): Promise<void> {
    const closing = this.#closing.get(session.id);
    if (closing) {
      return closing;
    }
    this.#sessions.delete(session.id);
    const closed = session.close(reason).finally(() => this.#closing.delete(session.id));
    this.#closing.set(session.id, closed);
    return closed;
  }

  /** When the session is not being let go any more, so that it can be opened again. */
  async whenClosed(sessionId: string): Promise<void> {
    await this.#closing.get(sessionId)?.catch(() => undefined);
  }

  async closeAll(reason: string): Promise<void> {
    await Promise.allSettled([
      ...this.#closing.values(),
      ...this.all.map((session) => this.close(session, reason)),
      ...[...this.#readers.keys()].map((sessionId) => this.closeReader(sessionId)),
    ]);
  }

  dispose(): void {
    this.#disposed = true;
    this.#sweep?.dispose();
    for (const session of this.#sessions.values()) {
      session.dispose();
    }
    this.#sessions.clear();
    for (const reader of this.#readers.values()) {
      reader.dispose();
    }
    this.#readers.clear();
    this.#changed.dispose();
  }

  /** Ended or to be read, and in nobody's use, longest unused first. One that is being rebuilt has not ended. */
  #listIdle(): readonly (Session | SessionReader)[] {
    const ended = this.all.filter(({ status }) => status !== 'active');
    return [...ended, ...this.#readers.values()]
      .filter(({ pendingCalls }) => pendingCalls === 0)
      .sort((left, right) => left.lastUsedAt - right.lastUsedAt);
  }

  /** The idle ones that have to go for one more. @throws RlmError where all of them would not do. */
  #chooseLeaving(neededMb: number): readonly (Session | SessionReader)[] {
    const room = this.#readRoom();
    let excess = this.#sessions.size + this.#readers.size + this.#openings.size + 1 - room.sessions;
    let excessMb = room.memoryMb === null ? 0 : this.heldMb + neededMb - room.memoryMb;
    const leaving: (Session | SessionReader)[] = [];
    for (const idle of this.#listIdle()) {
      if (excess <= 0 && excessMb <= 0) {
        break;
      }
      leaving.push(idle);
      excess -= 1;
      excessMb -= toMemoryMb(idle);
    }
    if (excess > 0 || excessMb > 0) {
      throw noRoomError(room, excess > 0 ? null : { neededMb, heldMb: this.heldMb });
    }
    return leaving;
  }

  /** One whose trace cannot be ended is gone all the same, and is nobody else's error. */
  async #letGo(idle: readonly (Session | SessionReader)[]): Promise<void> {
    await Promise.allSettled(
      idle.map((one) =>
        one instanceof SessionReader
          ? this.closeReader(one.id)
          : this.close(one, 'its variables were let go'),
      ),
    );
  }

  #sweepLater(): void {
    if (this.#disposed || this.#sweep !== null) {
      return;
    }
    this.#sweep = this.#clock.after(sweepEveryMs, () => {
      this.#sweep = null;
      void this.#letGo(this.#listForgettable());
      if (this.#readers.size > 0 || this.all.some(({ status }) => status !== 'active')) {
        this.#sweepLater();
      }
    });
  }

  #listForgettable(): readonly (Session | SessionReader)[] {
    const now = this.#clock.now();
    const idle = this.#listIdle();
    const excess = idle.length - maxEndedKept;
    return idle.filter(
      (session, index) => index < excess || now - session.lastUsedAt > toKeepMs(session),
    );
  }
}

function toKeepMs({ summary }: Session | SessionReader): number {
  return countChars(summary) > largeContextChars ? endedKeepMs.large : endedKeepMs.small;
}

/** What a sandbox for this session takes, as `Room` counts it. */
export function toMemoryMb({ summary }: { readonly summary: Summary }): number {
  return summary.limits.maxMemoryMb + Math.ceil(countChars(summary) / bytesPerMb);
}

function countChars({ contexts }: Summary): number {
  return contexts.reduce((sum, { totalChars }) => sum + totalChars, 0);
}

/** `memory`: it is this that is used up; null: the number of sessions is. */
function noRoomError(
  { of, sessions, memoryMb }: Room,
  memory: { readonly neededMb: number; readonly heldMb: number } | null,
): RlmError {
  const used = memory
    ? `A session of ${memory.neededMb} MB would exceed the quota memory_mb (${memoryMb}): ${memory.heldMb} MB are held.`
    : {
        engine: `${sessions} sessions are open at once, as many as one engine holds.`,
        user: `${sessions} sessions are open at once, as many as the quota live_sessions allows.`,
        server: 'All sessions that this server can hold at once are in use.',
      }[of];
  const smaller = memory ? ', or ask for less with config.max_memory_mb' : '';
  return new RlmError('BACKEND_UNAVAILABLE', used, {
    nextStep: `Finalize sessions that are done (rlm_list_sessions shows them)${smaller}, then retry.`,
  });
}
