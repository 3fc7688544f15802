// One session: a REPL in a sandbox under guardrails, every change appended to its trace. What its sandbox holds,
// whether it may go on, whom it asks and how it ends have rooms of their own; here is the order of its calls.

import { type Disposable, DisposableStore } from '../base/disposable';
import { Interruptible } from '../base/interruptible';
import { SerialQueue } from '../base/serialQueue';
import { dropByteOrderMark } from '../base/text';
import type { Budget } from './budget';
import type { Clock } from './clock';
import type { ContextInfo, ContextReader, GivenContext } from './context';
import type { LoadProgress } from './contextLoading';
import { throwIfAborted } from './errors';
import type {
  EventHeader,
  LoopFinished,
  LoopStarted,
  ReplOpened,
  SessionStatus,
  StopCause,
  Verbosity,
} from './event';
import { FinalAnswer, type FinalizeInput, endWith } from './finalAnswer';
import type { History } from './history';
import type { Limits } from './limits';
import type { LoopRunner } from './loop';
import type { Model, ModelAnswer } from './model';
import type { AskRequest } from './modelCalls';
import { Recorder } from './recorder';
import { type RequestScope, noRequests } from './requestScope';
import type { ReplayReport } from './replayRun';
import { SessionContents, type SessionReplayOptions } from './sessionContents';
import type { Language, Sandbox, VariableValue, SandboxPlace } from './sandbox';
import { SandboxSlot } from './sandboxSlot';
import { runningStepError } from './sessionErrors';
import { SessionFiles } from './sessionFiles';
import { SessionModels } from './sessionModels';
import type { SessionParent } from './sessionParent';
import { SessionStanding } from './sessionStanding';
import { type StepInput, type StepParts, type StepResult, runStep } from './stepRun';
import type { ReplSummary, Summary } from './summary';
import type { TraceSink } from './traceStore';
import { type ValueRequest, readValue } from './variableValue';
import type { WorkPool } from './workPool';

export interface SessionSeed {
  readonly sessionId: string;
  readonly title: string;
  readonly language: Language;
  readonly sandbox: SandboxPlace;
  readonly limits: Limits;
  /** Left out: normal. */
  readonly verbosity?: Verbosity | undefined;
  readonly parentSessionId: string | null;
  readonly sourceStep: number | null;
  readonly depth: number;
}

export interface SessionParts {
  readonly sandbox: Sandbox;
  readonly sink: TraceSink;
  readonly model: Model;
  readonly contexts: ContextReader;
  readonly clock: Clock;
  readonly requests?: RequestScope;
  /** Of the session whose code asked for this one; null: this one pays for itself. */
  readonly parentBudget: Budget | null;
  /** Of the run that this one is a part of; null: it is none. */
  readonly pool: WorkPool | null;
  /** Runs child sessions; null where no model writes code. */
  readonly loops: LoopRunner | null;
}

/** What a session's trace holds already when its object is made. */
export interface SessionStart {
  readonly opened: ReplOpened;
  readonly summary: ReplSummary;
  /** Of the last event. */
  readonly step: number;
}

/** The words of a loop in its session's trace. */
export type LoopRecord =
  Omit<LoopStarted, keyof EventHeader> | Omit<LoopFinished, keyof EventHeader>;

export class Session implements Disposable {
  readonly seed: SessionSeed;
  readonly #parts: SessionParts;
  readonly #queue = new SerialQueue();
  readonly #store = new DisposableStore();
  readonly #recorder: Recorder;
  /** Fires after an event has been given to the trace, in order. */
  readonly onDidAppend: Recorder['onDidAppend'];
  /** Fires once, when another engine turns out to have taken the session over: it ends here. */
  readonly onDidLoseLease: Recorder['onDidLoseLease'];
  readonly #models: SessionModels;
  /** Whether it may go on. */
  readonly #standing: SessionStanding;
  readonly #slot: SandboxSlot;
  readonly #contents: SessionContents;
  readonly #answer: FinalAnswer;
  /** Files and shell of where its code runs, in line with its steps. */
  readonly files: SessionFiles;
  /** Steps, asks and children: what the guardrails are about. */
  readonly #working = new Interruptible();
  #lastUsedAt: number;
  /** A run has begun in it and not ended. */
  #isInRun = false;

  /** The sink's trace must hold all that `start` says. */
  constructor(start: SessionStart, parts: SessionParts) {
    const { summary, step, opened } = start;
    this.seed = opened;
    this.#parts = parts;
    this.#recorder = this.#store.add(
      new Recorder(
        { summary, step },
        { ...parts, readShared: (usage) => this.#standing.readShared(usage) },
      ),
    );
    this.onDidAppend = this.#recorder.onDidAppend;
    this.onDidLoseLease = this.#recorder.onDidLoseLease;
    this.#models = new SessionModels({
      ...parts,
      opened,
      recorder: this.#recorder,
      readLeftMs: () => this.#standing.guardrails.leftMs,
      readLimits: () => this.limits,
    });
    this.#lastUsedAt = parts.clock.now();
    this.#slot = this.#store.add(new SandboxSlot(opened.sessionId, parts.sandbox));
    this.#contents = new SessionContents({
      ...parts,
      limits: opened.limits,
      slot: this.#slot,
      recorder: this.#recorder,
      models: this.#models,
      onUploaded: (bytes) => this.files.takeUploaded(bytes),
    });
    this.#answer = new FinalAnswer(this.#recorder, this.#slot);
    this.#standing = this.#store.add(
      new SessionStanding({
        ...parts,
        limits: opened.limits,
        recorder: this.#recorder,
        models: this.#models,
        queue: this.#queue,
        onOverTime: () => this.#working.interrupt(),
      }),
    );
    this.files = this.#createFiles();
  }

  get id(): string {
    return this.seed.sessionId;
  }

  /** While it is active, what its children have used and what others leave is as it stands now. */
  get summary(): Summary {
    return this.#standing.summary;
  }

  /** Its limits, as far as others leave them. */
  get limits(): Limits {
    return this.#standing.limits;
  }

  /** Steps and running time of its limits for the parts of its run, which use them up together. */
  createPool(): WorkPool {
    return this.#standing.createPool();
  }

  /** As what its children know this session. */
  get asParent(): SessionParent {
    return this.#models.asParent;
  }

  /** The sandbox below is gone; `replay` into a new one goes on. */
  get isBroken(): boolean {
    return this.#slot.brokenBy !== null;
  }

  get status(): SessionStatus {
    return this.summary.status;
  }

  /**
   * What the next step's reply must tell: the call that replayed the record may have been refused, or was another
   * caller's. Null: the record was not run again, did as it says, or a step has ended since.
   */
  get untoldReplay(): ReplayReport | null {
    return this.#contents.untoldReplay;
  }

  /** Epoch ms of the last call that used this session. */
  get lastUsedAt(): number {
    return this.#lastUsedAt;
  }

  /** Steps and other calls that wait or run. */
  get pendingCalls(): number {
    return this.#queue.size;
  }

  /** Names of the REPL's variables after the last step are in the trace; this reads one's value. */
  async readVariable(request: ValueRequest, signal: AbortSignal): Promise<VariableValue> {
    return this.#queue.run(async () => {
      throwIfAborted(signal, 'The call');
      this.#lastUsedAt = this.#parts.clock.now();
      await this.#recorder.checkLease(); // what could not be recorded yet is no reason not to read
      return readValue(this.#slot.require(), request, signal);
    });
  }

  /**
   * Loads more text; the first context is `context`, later ones `name` or `context_2`, …, the first that is free.
   * @throws RlmError 'INVALID_INPUT' where there is a variable `name`; those of loading.
   */
  async addContext(
    given: GivenContext,
    options: { readonly name?: string; readonly onProgress?: LoadProgress },
    signal: AbortSignal,
  ): Promise<ContextInfo> {
    return this.#exclusive(signal, async () => {
      this.#standing.requireActive();
      return this.#contents.load(given, options, signal);
    });
  }

  /** Steps of one session run one after another in the order of the calls. */
  async runStep(input: StepInput, signal: AbortSignal): Promise<StepResult> {
    const given = { ...input, code: dropByteOrderMark(input.code) };
    return this.#exclusive(signal, async () => {
      const result = await this.#runStepNow(given, signal);
      this.#contents.markTold();
      return input.finalize === true
        ? { ...result, ending: await endWith(this.#answer, result) }
        : result;
    });
  }

  /**
   * Asks the model that writes this session's code, out of the session's budget and onto its trace.
   * @throws RlmError 'GUARDRAIL_STOPPED' when the sub-model limits are used up: the session is stopped
   * then; 'CANCELLED' also when the session is stopped, by `maxSessionMs` too; those of the model.
   */
  async ask(request: Omit<AskRequest, 'purpose'>, signal: AbortSignal): Promise<ModelAnswer> {
    await this.#standing.refuseOverLimit();
    this.#standing.requireActive();
    const calls = this.#models.createCalls(this.summary.usage.steps + 1);
    return this.#working.run(signal, async (combined) => {
      try {
        return await calls.ask({ ...request, purpose: 'loop' }, combined);
      } finally {
        if (calls.refusedByLimit || this.#standing.guardrails.isOverTime) {
          await this.#standing.stop(calls.refusedByLimit ? 'llm_limit' : 'timeout');
        }
      }
    });
  }

  /** What goes on in child sessions ends when this one is stopped, closed or out of time. */
  async runChildren<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    this.#standing.requireActive();
    return this.#working.run(signal, work);
  }

  async recordLoop(record: LoopRecord): Promise<void> {
    this.#isInRun = record.kind === 'loop.started';
    await this.#recorder.append(record, { usage: this.#models.readUsage() });
  }

  /**
   * Ends the session with an answer. The same call again returns the same answer.
   * @throws RlmError 'SESSION_FINALIZED' for a different answer, 'VAR_NOT_FOUND', 'INVALID_INPUT'.
   */
  async finalize(input: FinalizeInput, signal: AbortSignal): Promise<Summary> {
    return this.#exclusive(signal, () => this.#answer.give(input, signal));
  }

  /**
   * Whether `finalize` would take the answer; changes nothing, also where a step waits for its caller.
   * @throws RlmError as `finalize`, and 'INVALID_INPUT' for a variable while a step runs.
   */
  async checkAnswer(input: FinalizeInput, signal: AbortSignal): Promise<void> {
    if ('text' in input || this.status === 'finalized') {
      await this.#answer.check(input, signal);
    } else if (this.summary.running) {
      throw runningStepError(input.variable);
    } else {
      await this.#exclusive(signal, () => this.#answer.check(input, signal));
    }
  }

  /**
   * Rebuilds the variables by running a record in `sandbox`, which takes the place of one that is gone.
   * Sub-models are not asked: recorded answers are used. The time is not charged to the session.
   */
  async replay(
    history: History,
    options: SessionReplayOptions,
    signal: AbortSignal,
  ): Promise<ReplayReport> {
    return this.#exclusive(signal, () => this.#contents.rebuild(history, options, signal));
  }

  /** What is queued does not run any more, as after `stop`, which must follow. */
  refuseQueued(cause: StopCause): void {
    this.#standing.refuseQueued(cause);
  }

  /** Stops the session at once: a running step is interrupted and keeps what it has done. */
  async stop(cause: 'user' | 'run_ended' = 'user'): Promise<void> {
    this.interrupt();
    await this.#standing.stop(cause);
  }

  /** @throws LeaseLostError when another engine has taken the session over; it ends here then. */
  async checkLease(): Promise<void> {
    await this.#recorder.checkLease();
  }

  /** Interrupts the step, load or replay that runs, if any; the session goes on. */
  interrupt(): void {
    this.#working.interrupt();
    this.#contents.interrupt();
  }

  /** Lets go of the sandbox and ends the trace file. The trace stays readable. */
  async close(reason: string): Promise<void> {
    if (this.#slot.isClosed) {
      return;
    }
    const leftOpen = this.#isAtWork ? 'interrupted' : 'closed';
    this.#slot.close();
    this.interrupt();
    await this.#queue.run(async () => {
      try {
        const change = this.summary.status === 'active' ? ({ status: leftOpen } as const) : {};
        await this.#recorder.append({ kind: 'session.closed', reason }, change);
      } finally {
        await this.#parts.sink.close().finally(() => this.dispose());
      }
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  async #runStepNow(input: StepInput, signal: AbortSignal): Promise<StepResult> {
    return this.#working.run(signal, async (combined) => {
      for (;;) {
        if (this.#standing.judge() !== null) {
          await this.#standing.refuseOverLimit();
        }
        this.#standing.requireActive();
        throwIfAborted(combined, 'The call');
        const sandbox = this.#slot.require();
        // Nothing is awaited from the verdict to the running step: none of the same run may come between.
        const turn = this.#standing.guardrails.startStep(this.summary.usage, input.timeoutMs);
        if (turn) {
          const kept = this.#contents.takeKept(input.code);
          return await runStep(input, { ...this.#stepParts, sandbox, turn, kept }, combined);
        }
        await this.#standing.guardrails.whenStepEnded(combined);
      }
    });
  }

  /** What would be cut short if the session were let go now. */
  get #isAtWork(): boolean {
    return (
      this.#isInRun || this.#queue.size > 0 || this.#working.isRunning || this.#contents.isBuilding
    );
  }

  get #stepParts(): Omit<StepParts, 'sandbox' | 'turn' | 'kept'> {
    return {
      recorder: this.#recorder,
      models: this.#models,
      guardrails: this.#standing.guardrails,
      limits: this.seed.limits,
      clock: this.#parts.clock,
      requests: this.#parts.requests ?? noRequests,
    };
  }

  #createFiles(): SessionFiles {
    const inTurn = <T>(
      signal: AbortSignal,
      work: (sandbox: Sandbox, combined: AbortSignal) => Promise<T>,
    ): Promise<T> => this.#working.run(signal, (combined) => work(this.#slot.require(), combined));
    return new SessionFiles({
      ...this.#parts,
      recorder: this.#recorder,
      models: this.#models,
      guardrails: this.#standing.guardrails,
      limits: this.seed.limits,
      run: (signal, work) =>
        this.#exclusive(signal, async () => {
          await this.#standing.refuseOverLimit();
          return inTurn(signal, work);
        }),
      look: (signal, work, isOnlooker) =>
        this.#exclusive(signal, () => inTurn(signal, work), isOnlooker),
    });
  }

  /** `isOnlooker`: it is no use of the session, which would keep its sandbox longer. */
  async #exclusive<T>(signal: AbortSignal, task: () => Promise<T>, isOnlooker = false): Promise<T> {
    return this.#queue.run(async () => {
      throwIfAborted(signal, 'The call');
      if (!isOnlooker) {
        this.#lastUsedAt = this.#parts.clock.now();
      }
      await this.#recorder.writeOut();
      await this.#recorder.checkLease();
      return task();
    });
  }
}
