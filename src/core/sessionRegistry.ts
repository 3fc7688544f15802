// The sessions of one engine: opens them, finds them, lets them go. Calls for one session share what is done for it.

import type { Disposable } from '../base/disposable';
import { SharedTasks } from '../base/sharedTasks';
import { finalizeClosed } from './closedSession';
import type { LoadProgress } from './contextLoading';
import { requireRepl } from './agent/replOnly';
import { RlmError, cancelledError } from './errors';
import { type FinalizeInput, checkOtherAnswer, isSameAnswer } from './finalAnswer';
import { LiveSessions, type Room, type SessionChange } from './liveSessions';
import type { ReplayReport } from './replayRun';
import type { Session } from './session';
import { differsError } from './sessionErrors';
import {
  type OpenerParts,
  type ReplayProgress,
  type Resumed,
  SessionOpener,
} from './sessionOpener';
import type { ForkRequest, OpenRequest } from './sessionPlan';
import type { SessionReader } from './sessionReader';
import type { Summary } from './summary';
import { heldElsewhere } from './traceStore';

export interface RegistryParts extends OpenerParts {
  /** None: what one engine holds. Asked anew for every session. */
  readonly readRoom?: () => Room;
}

/** `report`: null when nothing had to be replayed, and no replay is untold. */
export interface ReadableSession {
  readonly session: Session | SessionReader;
  readonly report: ReplayReport | null;
}

export class SessionRegistry implements Disposable {
  readonly #parts: RegistryParts;
  readonly #live: LiveSessions;
  readonly #opener: SessionOpener;
  readonly #resuming = new SharedTasks<Resumed>();
  readonly #reading = new SharedTasks<ReadableSession>();
  readonly #finalizing = new SharedTasks<Summary>();
  /** Replays whose differences have refused an answer: the same call again is taken. */
  readonly #refusedBy = new WeakSet<ReplayReport>();
  /** Fires for every event of every live session, in each session's order. */
  readonly onDidChange: LiveSessions['onDidChange'];

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#live = new LiveSessions(parts.clock, parts.readRoom);
    this.#opener = new SessionOpener(parts, this.#live, (sessionId) => this.readSummary(sessionId));
    this.onDidChange = this.#live.onDidChange;
  }

  get live(): readonly Session[] {
    return this.#live.all;
  }

  /** Of all sessions that hold a sandbox, as `Room` counts it. */
  get heldMb(): number {
    return this.#live.heldMb;
  }

  /** @throws RlmError of the context reader and the sandbox; nothing is left behind then. */
  async openSession(
    request: OpenRequest,
    signal: AbortSignal,
    onProgress?: LoadProgress,
  ): Promise<Session> {
    return this.#opener.openNew(request, signal, onProgress);
  }

  /**
   * A session that is live here, for calls that must change nothing.
   * @throws RlmError 'SESSION_NOT_FOUND' | 'SESSION_FINALIZED', saying what is left of it.
   */
  async findSession(sessionId: string): Promise<Session> {
    const session = this.#live.get(sessionId);
    if (session && !session.isBroken) {
      return session;
    }
    const summary = await this.#readResumable(sessionId);
    throw new RlmError(
      'SESSION_NOT_FOUND',
      `The variables of session ${sessionId} are not in memory (${summary.status}).`,
      { nextStep: 'Run a step with rlm_run_repl: its recorded steps are then run again first.' },
    );
  }

  /**
   * Rebuilds a session whose variables are gone, in its own trace; a live one is given as it is.
   * Calls for the same session share one replay, which goes on while one of them waits.
   */
  async resume(
    sessionId: string,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<Resumed> {
    return this.#open(sessionId, signal, async (shared) => {
      await this.#readResumable(sessionId);
      return this.#opener.resume(sessionId, shared, onProgress);
    });
  }

  /**
   * A session of any status for calls that read its variables: where they are gone, its record is run again
   * without the session's lease, and nothing of it is recorded.
   * @throws RlmError 'INVALID_INPUT' while another engine works in it.
   */
  async openForReading(
    sessionId: string,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<ReadableSession> {
    const session = this.#live.get(sessionId);
    if (session && this.#isWhole(session)) {
      return { session, report: session.untoldReplay };
    }
    const gone = (): RlmError => cancelledError('Reading the session');
    const resumed = this.#resuming.joinRunning(sessionId, signal, gone);
    const start = (shared: AbortSignal): Promise<ReadableSession> =>
      this.#openReader(sessionId, shared, onProgress);
    return resumed ?? this.#reading.join(sessionId, { signal, start, gone });
  }

  /** As the record of a session says that they are, whether it is live or not; as `openForReading` otherwise. */
  async openRecorded(
    sessionId: string,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<ReadableSession> {
    return this.#reading.join(sessionId, {
      signal,
      start: (shared) => this.#openReader(sessionId, shared, onProgress),
      gone: () => cancelledError('Reading the session'),
    });
  }

  async #openReader(
    sessionId: string,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<ReadableSession> {
    await this.#live.whenClosed(sessionId);
    const summary = requireRepl(await this.readSummary(sessionId));
    if (summary.status === 'active' && summary.engineId !== this.#parts.engineId) {
      throw heldElsewhere('holds');
    }
    const kept = this.#live.getReader(sessionId);
    if (kept?.isOf(summary)) {
      return { session: kept, report: kept.report };
    }
    void this.#live.closeReader(sessionId);
    const reader = await this.#opener.openReader(summary, signal, onProgress);
    return { session: reader, report: reader.report };
  }

  /** While a session is being rebuilt it is live already, and not yet what it was. */
  #isWhole(session: Session): boolean {
    return !session.isBroken && !this.#resuming.has(session.id);
  }

  async #open(
    sessionId: string,
    signal: AbortSignal,
    start: (shared: AbortSignal) => Promise<Resumed>,
  ): Promise<Resumed> {
    const session = this.#live.get(sessionId);
    if (session && this.#isWhole(session)) {
      return { session, report: session.untoldReplay };
    }
    return this.#resuming.join(sessionId, {
      signal,
      start: async (shared) => {
        await this.#live.whenClosed(sessionId);
        await this.#finalizing.whenEnded(sessionId);
        void this.#live.closeReader(sessionId); // its variables would soon be old
        return start(shared);
      },
      gone: () => cancelledError('Resuming the session'),
    });
  }

  /**
   * A new session with the state another one had after a step (null: its last).
   * @throws RlmError 'INVALID_INPUT' also where its limits would let it run no step; nothing is replayed then.
   */
  async fork(
    request: ForkRequest,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<Resumed> {
    return this.#opener.openFork(request, signal, onProgress);
  }

  /** Whether `finalize` would take the answer of a live session. @throws RlmError as `finalize`. */
  async checkAnswer(sessionId: string, input: FinalizeInput, signal: AbortSignal): Promise<void> {
    await this.#live.get(sessionId)?.checkAnswer(input, signal);
  }

  /**
   * Finalizing again works for a session that was closed since, when the answer is the same. A session that no
   * engine holds is rebuilt only where the answer is the value of a variable.
   */
  async finalize(sessionId: string, input: FinalizeInput, signal: AbortSignal): Promise<Summary> {
    await this.#live.whenClosed(sessionId);
    const session = this.#live.get(sessionId);
    if (session && ('text' in input || session.status === 'finalized' || this.#isWhole(session))) {
      this.#refuseUnseen(input, session.status === 'finalized' ? null : session.untoldReplay);
      return session.finalize(input, signal);
    }
    const summary = await this.#parts.traces.readSummary(sessionId);
    if (summary) {
      requireRepl(summary);
    }
    if (summary?.status === 'finalized' && isSameAnswer(summary, input)) {
      return summary;
    }
    if ('text' in input && !this.#resuming.has(sessionId) && !this.#live.get(sessionId)) {
      return this.#finalizeClosed(sessionId, input, signal);
    }
    const { session: resumed, report } = await this.resume(sessionId, signal);
    this.#refuseUnseen(input, report);
    return resumed.finalize(input, signal);
  }

  #refuseUnseen(input: FinalizeInput, report: ReplayReport | null): void {
    const isDifferent = report !== null && report.differenceCount > 0;
    if ('variable' in input && isDifferent && !this.#refusedBy.has(report)) {
      this.#refusedBy.add(report);
      throw differsError(input.variable, report);
    }
  }

  async #finalizeClosed(
    sessionId: string,
    input: { readonly text: string },
    signal: AbortSignal,
  ): Promise<Summary> {
    const summary = await this.#finalizing.join(sessionId, {
      signal,
      start: () =>
        finalizeClosed(sessionId, input.text, {
          ...this.#parts,
          readSummary: (id) => this.readSummary(id),
          onAppend: (event) => this.#live.tell({ sessionId, event }),
        }),
      gone: () => cancelledError('Finalizing the session'),
    });
    checkOtherAnswer(summary, input); // it was another call's answer, given at the same time
    return summary;
  }

  /** Tells of an event of a session that others keep: an agent run. */
  tell(change: SessionChange): void {
    this.#live.tell(change);
  }

  /** The summary of any session of this home, live or not. @throws RlmError 'SESSION_NOT_FOUND' */
  async readSummary(sessionId: string): Promise<Summary> {
    const session = this.#live.get(sessionId);
    await session?.checkLease().catch(() => undefined); // one that is lost is live no more
    const summary =
      this.#live.get(sessionId)?.summary ?? (await this.#parts.traces.readSummary(sessionId));
    if (!summary) {
      throw new RlmError('SESSION_NOT_FOUND', `There is no session ${sessionId}.`, {
        nextStep: 'List the sessions with rlm_list_sessions, or open one with rlm_init_context.',
      });
    }
    return summary;
  }

  /** Lets go of a session that is live here, and of its variables, whatever becomes of its trace. */
  async closeSession(sessionId: string, reason: string): Promise<void> {
    const session = this.#live.get(sessionId);
    if (session) {
      await this.#live.close(session, reason).catch(() => undefined);
    }
  }

  /** Closes every session; their traces say that the engine ended. */
  async closeAll(reason: string): Promise<void> {
    await this.#live.closeAll(reason);
  }

  dispose(): void {
    this.#live.dispose();
  }

  /** @throws RlmError when there is nothing to resume. */
  async #readResumable(sessionId: string): Promise<Summary> {
    const summary = requireRepl(await this.readSummary(sessionId));
    if (summary.status === 'finalized') {
      throw new RlmError('SESSION_FINALIZED', `Session ${sessionId} is finalized and closed.`, {
        nextStep: 'Read its trace with rlm_get_trace, or go on from it with rlm_fork.',
      });
    }
    return summary;
  }
}
