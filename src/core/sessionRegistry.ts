// The sessions of one engine: opens them, finds them, lets them go.

import type { Disposable } from '../base/disposable';
import { createTimeOrderedId } from '../base/ids';
import { SharedTasks } from '../base/sharedTasks';
import { toOneLine } from '../base/text';
import type { Clock } from './clock';
import type { ContextReader, GivenContext } from './context';
import { RlmError, cancelledError } from './errors';
import type { SessionOpened, Verbosity } from './event';
import { type History, readHistory, readUsage } from './history';
import { type Limits, checkLimits, createLimits, noUsage } from './limits';
import { LiveSessions, type Opening, type Room, toMemoryMb } from './liveSessions';
import type { LoopRunner } from './loop';
import type { Model } from './model';
import type { RequestScope } from './requestScope';
import type {
  BackendName,
  Language,
  Sandbox,
  SandboxFactory,
  SandboxPlace,
  SandboxRequest,
} from './sandbox';
import type { LoadProgress } from './contextLoading';
import type { ReplayReport } from './replayRun';
import { finalizeClosed } from './closedSession';
import { type FinalizeInput, checkOtherAnswer, isSameAnswer } from './finalAnswer';
import { Session, type SessionParts, type SessionSeed } from './session';
import { differsError, exhaustedForkError } from './sessionErrors';
import { type SessionReader, openReader } from './sessionReader';
import { readSharedLimits } from './sharedLimits';
import { type SessionParent, toChildLimits } from './sessionParent';
import { createSummary, type Summary } from './summary';
import { type TraceSink, type TraceStore, heldElsewhere } from './traceStore';

export interface RegistryParts {
  readonly sandboxes: SandboxFactory;
  readonly traces: TraceStore;
  readonly contexts: ContextReader;
  readonly model: Model;
  readonly clock: Clock;
  /** None: what one engine holds. Asked anew for every session. */
  readonly readRoom?: () => Room;
  /** Whose ids are recorded with what they lead to. */
  readonly requests?: RequestScope;
  readonly engineId: string;
  readonly version: string;
  /** Runs the child sessions that code asks for; null where no model writes code. */
  readonly readLoops: () => LoopRunner | null;
}

export interface OpenRequest {
  readonly context: GivenContext;
  readonly language: Language;
  /** Empty: made from the context. */
  readonly title: string;
  readonly limits: Partial<Limits>;
  /** Left out: normal. */
  readonly verbosity?: Verbosity;
  /** Null or left out: the parent's, else what the user has set. */
  readonly backend?: BackendName | null;
  /** Of a container; null or left out: as `backend`. */
  readonly image?: string | null;
  /** The session whose code asks for this one, and which pays for it. */
  readonly parent?: SessionParent | null;
}

export interface ForkRequest {
  readonly sessionId: string;
  /** Null: after the last answered step. */
  readonly atStep: number | null;
  /** Empty: the other session's. */
  readonly title: string;
  /** Where they differ from the other session's. */
  readonly limits: Partial<Limits>;
  /** Null or left out: where the other session ran. */
  readonly backend?: BackendName | null;
  /** Of a container; null or left out: as `backend`. */
  readonly image?: string | null;
}

export interface Resumed {
  readonly session: Session;
  /** Null when nothing had to be replayed, and no replay is untold. */
  readonly report: ReplayReport | null;
}

/** `report`: null when nothing had to be replayed, and no replay is untold. */
export interface ReadableSession {
  readonly session: Session | SessionReader;
  readonly report: ReplayReport | null;
}

/** Contexts and steps replayed, of how many. */
export type ReplayProgress = (done: number, total: number) => void;

export class SessionRegistry implements Disposable {
  readonly #parts: RegistryParts;
  readonly #live: LiveSessions;
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
    const title = request.title || toTitle(request.context);
    const parent = request.parent ?? null;
    const limits = parent ? toChildLimits(request.limits, parent) : request.limits;
    const origin = parent
      ? { parentSessionId: parent.sessionId, sourceStep: null, depth: parent.depth + 1 }
      : noOrigin;
    const { language, verbosity } = request;
    const seed = { language, title, limits: createLimits(limits), ...origin };
    const { pool = null, budget: parentBudget = null } = parent ?? {};
    const shared = readSharedLimits({ ...seed, usage: noUsage }, { pool, parentBudget });
    const opened = this.#createOpened({
      ...seed,
      ...(verbosity && { verbosity }),
      ...(Object.keys(shared).length > 0 && { shared }),
    });
    const wanted = toWantedPlace(request, parent?.sandbox ?? null);
    return this.#openTraced({ opened, parent, wanted }, signal, async (session) => {
      await session.addContext(request.context, onProgress ? { onProgress } : {}, signal);
      return session;
    });
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
      return this.#resume(sessionId, shared, onProgress);
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
    const { traces, engineId } = this.#parts;
    const summary = await this.readSummary(sessionId);
    if (summary.status === 'active' && summary.engineId !== engineId) {
      throw heldElsewhere('holds');
    }
    const kept = this.#live.getReader(sessionId);
    if (kept?.isOf(summary)) {
      return { session: kept, report: kept.report };
    }
    void this.#live.closeReader(sessionId);
    return this.#live.withRoom({ memoryMb: toMemoryMb({ summary }) }, async (opening) => {
      const history = await readHistory(traces, sessionId, null);
      const sandbox = await this.#createSandbox(summary, toRecordedPlace(summary), signal);
      const readText = (name: string) => traces.readText(sessionId, name);
      const reader = await openReader(
        { summary, history },
        { readText, ...(onProgress ? { onProgress } : {}) },
        { ...this.#parts, sandbox, signal },
      );
      this.#live.addReader(reader, opening);
      return { session: reader, report: reader.report };
    });
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
    const { traces, engineId } = this.#parts;
    const history = await readHistory(traces, request.sessionId, request.atStep);
    const { language, limits, title, verbosity } = history.opened;
    const wanted = { ...limits, ...request.limits };
    const used = readUsage(history);
    const reason = checkLimits(wanted, used, 0);
    if (reason) {
      throw exhaustedForkError(reason, { limits: wanted, usage: used });
    }
    const opened = this.#createOpened({
      language,
      title: request.title || title,
      limits: wanted,
      ...(verbosity && { verbosity }),
      parentSessionId: request.sessionId,
      sourceStep: history.throughStep,
      depth: 0, // it pays for itself
    });
    const place = toWantedPlace(request, history.opened.sandbox);
    return this.#openTraced({ opened, parent: null, wanted: place }, signal, async (session) => {
      const report = await session.replay(
        history,
        {
          sourceSessionId: request.sessionId,
          record: true,
          engineId,
          readText: (name) => traces.readText(request.sessionId, name),
          ...(onProgress ? { onProgress } : {}),
        },
        signal,
      );
      return { session, report };
    });
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

  /** Opens a sandbox and a trace, and fills them; leaves nothing behind when that fails. */
  async #openTraced<T>(
    { opened: planned, parent, wanted }: PlannedSession,
    signal: AbortSignal,
    fill: (session: Session) => Promise<T>,
  ): Promise<T> {
    const { traces } = this.#parts;
    return this.#live.withRoom({ memoryMb: planned.limits.maxMemoryMb }, async (opening) => {
      const sandbox = await this.#createSandbox(planned, wanted, signal);
      const opened = { ...planned, sandbox: sandbox.place };
      let session: Session | undefined;
      try {
        const sink = await traces.createTrace(opened);
        const start = { opened, summary: createSummary(opened), step: 0 };
        session = new Session(start, this.#createParts(sandbox, sink, parent));
        this.#live.add(session, opening, opened);
        return await fill(session);
      } catch (thrown) {
        if (session) {
          await this.#live.close(session, 'it could not be opened').catch(() => undefined);
        }
        sandbox.dispose();
        await traces.deleteTrace(opened.sessionId).catch(() => undefined);
        throw thrown;
      }
    });
  }

  async #resume(
    sessionId: string,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<Resumed> {
    const { traces, engineId } = this.#parts;
    const summary = await this.readSummary(sessionId);
    const rebuild = async (opening: Opening): Promise<Resumed> => {
      const sandbox = await this.#createSandbox(summary, toRecordedPlace(summary), signal);
      try {
        const { session, history } = await this.#reopen(sessionId, { sandbox, opening });
        const report = await session.replay(
          history,
          {
            sourceSessionId: sessionId,
            sandbox,
            record: false,
            engineId,
            readText: (name) => traces.readText(sessionId, name),
            ...(onProgress ? { onProgress } : {}),
          },
          signal,
        );
        return { session, report };
      } catch (thrown) {
        const session = this.#live.get(sessionId);
        if (session) {
          await this.#live.close(session, 'it could not be resumed').catch(() => undefined);
        }
        sandbox.dispose();
        throw thrown;
      }
    };
    const isOpen = this.#live.get(sessionId) !== undefined; // only its sandbox is gone
    const opening = { memoryMb: toMemoryMb({ summary }) };
    return isOpen ? rebuild(opening) : this.#live.withRoom(opening, rebuild);
  }

  /** Its record is read once nobody else can add to it. */
  async #reopen(
    sessionId: string,
    { sandbox, opening }: { readonly sandbox: Sandbox; readonly opening: Opening },
  ): Promise<{ readonly session: Session; readonly history: History }> {
    const { traces } = this.#parts;
    const live = this.#live.get(sessionId);
    if (live) {
      return { session: live, history: await readHistory(traces, sessionId, null) };
    }
    const sink = await traces.reopenTrace(sessionId);
    try {
      const summary = await this.readSummary(sessionId);
      const history = await readHistory(traces, sessionId, null);
      const session = new Session(
        { opened: history.opened, summary, step: history.lastStep },
        this.#createParts(sandbox, sink, null),
      );
      this.#live.add(session, opening);
      return { session, history };
    } catch (thrown) {
      await sink.close().catch(() => undefined); // what went wrong first is told
      throw thrown;
    }
  }

  /** @throws RlmError when there is nothing to resume. */
  async #readResumable(sessionId: string): Promise<Summary> {
    const summary = await this.readSummary(sessionId);
    if (summary.status === 'finalized') {
      throw new RlmError('SESSION_FINALIZED', `Session ${sessionId} is finalized and closed.`, {
        nextStep: 'Read its trace with rlm_get_trace, or go on from it with rlm_fork.',
      });
    }
    return summary;
  }

  #createParts(sandbox: Sandbox, sink: TraceSink, parent: SessionParent | null): SessionParts {
    const parentBudget = parent?.budget ?? null;
    const pool = parent?.pool ?? null;
    return { ...this.#parts, sandbox, sink, parentBudget, pool, loops: this.#parts.readLoops() };
  }

  #createSandbox(
    { language, limits }: Pick<SessionOpened, 'language' | 'limits'>,
    place: WantedPlace,
    signal: AbortSignal,
  ): Promise<Sandbox> {
    const { maxMemoryMb } = limits;
    return this.#parts.sandboxes.createSandbox({ language, maxMemoryMb, ...place }, signal);
  }

  #createOpened(
    seed: Omit<SessionSeed, 'sessionId' | 'sandbox'> & Pick<SessionOpened, 'shared'>,
  ): PlannedSession['opened'] {
    const at = this.#parts.clock.now();
    const requestId = this.#parts.requests?.requestId ?? null;
    return {
      ...(requestId !== null && { requestId }),
      kind: 'session.opened',
      at,
      step: 0,
      status: 'active',
      usage: noUsage,
      ...seed,
      sessionId: createTimeOrderedId(at),
      title: toOneLine(seed.title, 200),
      engineId: this.#parts.engineId,
      version: this.#parts.version,
    };
  }
}

/** All but where it runs, which is known once its sandbox is there. */
interface PlannedSession {
  readonly opened: Omit<SessionOpened, 'sandbox'>;
  readonly parent: SessionParent | null;
  readonly wanted: WantedPlace;
}

type WantedPlace = Pick<SandboxRequest, 'backend' | 'image' | 'mayFallBack'>;

/** Where a new session is to run: where the caller says, else where the session that it comes from runs. */
function toWantedPlace(
  { backend = null, image = null }: Pick<OpenRequest, 'backend' | 'image'>,
  from: SandboxPlace | null,
): WantedPlace {
  const isElsewhere = backend !== null && backend !== from?.backend;
  return from === null || isElsewhere
    ? { backend, image, mayFallBack: from === null }
    : { backend: from.backend, image: image ?? from.image, mayFallBack: false };
}

/** A record is run again where it was made, and nowhere else. */
function toRecordedPlace({ sandbox }: Pick<Summary, 'sandbox'>): WantedPlace {
  return { backend: sandbox.backend, image: sandbox.image, mayFallBack: false };
}

const noOrigin = { parentSessionId: null, sourceStep: null, depth: 0 } as const;

function toTitle(context: GivenContext): string {
  const [first] = context.paths;
  if (first !== undefined) {
    const more = context.paths.length - 1;
    return toOneLine(more > 0 ? `${first} and ${more} more` : first, 120);
  }
  return toOneLine(context.text ?? '', 60) || 'Empty context';
}
