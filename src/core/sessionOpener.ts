// Makes sessions that hold a sandbox: new ones with a trace of their own, and recorded ones by replay.

import type { ContextReader } from './context';
import type { LoadProgress } from './contextLoading';
import { requireRepl } from './agent/replOnly';
import type { ReplOpened } from './event';
import { type History, readHistory } from './history';
import { type LiveSessions, type Opening, toMemoryMb } from './liveSessions';
import type { LoopRunner } from './loop';
import type { Model } from './model';
import type { ReplayReport } from './replayRun';
import type { Sandbox, SandboxFactory } from './sandbox';
import { Session, type SessionParts } from './session';
import type { SessionParent } from './sessionParent';
import {
  type ForkRequest,
  type OnStage,
  type OpenRequest,
  type PlannedSession,
  type PlannerParts,
  type WantedPlace,
  planFork,
  planSession,
  toRecordedPlace,
} from './sessionPlan';
import { type SessionReader, openReader } from './sessionReader';
import { type ReplSummary, createSummary, type Summary } from './summary';
import type { TraceSink, TraceStore } from './traceStore';

export interface OpenerParts extends PlannerParts {
  readonly sandboxes: SandboxFactory;
  readonly traces: TraceStore;
  readonly contexts: ContextReader;
  readonly model: Model;
  /** Runs the child sessions that code asks for; null where no model writes code. */
  readonly readLoops: () => LoopRunner | null;
}

export interface Resumed {
  readonly session: Session;
  /** Null when nothing had to be replayed, and no replay is untold. */
  readonly report: ReplayReport | null;
}

/** Contexts and steps replayed, of how many. */
export type ReplayProgress = (done: number, total: number) => void;

interface StartControl {
  readonly signal: AbortSignal;
  readonly onStage?: OnStage | undefined;
}

export class SessionOpener {
  readonly #parts: OpenerParts;
  readonly #live: LiveSessions;
  readonly #readSummary: (sessionId: string) => Promise<Summary>;

  /** `readSummary`: of any session of the home, live or not. */
  constructor(
    parts: OpenerParts,
    live: LiveSessions,
    readSummary: (sessionId: string) => Promise<Summary>,
  ) {
    this.#parts = parts;
    this.#live = live;
    this.#readSummary = readSummary;
  }

  /** @throws RlmError of the context reader and the sandbox; nothing is left behind then. */
  async openNew(
    request: OpenRequest,
    signal: AbortSignal,
    onProgress?: LoadProgress,
  ): Promise<Session> {
    const planned = planSession(request, this.#parts);
    const control = { signal, onStage: request.onStage };
    return this.#openTraced(planned, control, async (session) => {
      await session.addContext(request.context, onProgress ? { onProgress } : {}, signal);
      return session;
    });
  }

  /** @throws RlmError 'INVALID_INPUT' also where its limits would let it run no step; nothing is replayed then. */
  async openFork(
    request: ForkRequest,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<Resumed> {
    const { traces, engineId } = this.#parts;
    const history = await readHistory(traces, request.sessionId, request.atStep);
    const planned = planFork(request, history, this.#parts);
    const control = { signal, onStage: request.onStage };
    return this.#openTraced(planned, control, async (session) => {
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

  /** Opens a sandbox and a trace, and fills them; leaves nothing behind when that fails. */
  async #openTraced<T>(
    { opened: planned, parent, wanted }: PlannedSession,
    control: StartControl,
    fill: (session: Session) => Promise<T>,
  ): Promise<T> {
    const { traces } = this.#parts;
    return this.#live.withRoom({ memoryMb: planned.limits.maxMemoryMb }, async (opening) => {
      const sandbox = await this.#createSandbox(planned, wanted, control);
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

  /** Rebuilds a session in its own trace. */
  async resume(
    sessionId: string,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<Resumed> {
    const { traces, engineId } = this.#parts;
    const summary = requireRepl(await this.#readSummary(sessionId));
    const rebuild = async (opening: Opening): Promise<Resumed> => {
      const sandbox = await this.#createSandbox(summary, toRecordedPlace(summary), { signal });
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
      const summary = requireRepl(await this.#readSummary(sessionId));
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

  /** Rebuilds what a session's record says, to be read: without its lease, and nothing of it is recorded. */
  async openReader(
    summary: ReplSummary,
    signal: AbortSignal,
    onProgress?: ReplayProgress,
  ): Promise<SessionReader> {
    const { traces } = this.#parts;
    const { sessionId } = summary;
    return this.#live.withRoom({ memoryMb: toMemoryMb({ summary }) }, async (opening) => {
      const history = await readHistory(traces, sessionId, null);
      const sandbox = await this.#createSandbox(summary, toRecordedPlace(summary), { signal });
      const readText = (name: string) => traces.readText(sessionId, name);
      const reader = await openReader(
        { summary, history },
        { readText, ...(onProgress ? { onProgress } : {}) },
        { ...this.#parts, sandbox, signal },
      );
      this.#live.addReader(reader, opening);
      return reader;
    });
  }

  #createParts(sandbox: Sandbox, sink: TraceSink, parent: SessionParent | null): SessionParts {
    const parentBudget = parent?.budget ?? null;
    const pool = parent?.pool ?? null;
    return { ...this.#parts, sandbox, sink, parentBudget, pool, loops: this.#parts.readLoops() };
  }

  #createSandbox(
    { sessionId, language, limits }: Pick<ReplOpened, 'sessionId' | 'language' | 'limits'>,
    place: WantedPlace,
    { signal, onStage }: StartControl,
  ): Promise<Sandbox> {
    const { maxMemoryMb } = limits;
    return this.#parts.sandboxes.createSandbox(
      { sessionId, language, maxMemoryMb, ...place },
      signal,
      onStage,
    );
  }
}
