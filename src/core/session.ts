// One session: a REPL in a sandbox under guardrails, every change appended to its trace. Longer than
// a page on purpose: the rules of a session's life stand in one place.

import { type Disposable, DisposableStore } from '../base/disposable';
import { SerialQueue } from '../base/serialQueue';
import type { Clock } from './clock';
import type { ContextInfo, ContextReader, GivenContext } from './context';
import { type LoadProgress, loadContext } from './contextLoading';
import { cancelledError } from './errors';
import type { SessionOpened, SessionStatus, StopCause } from './event';
import type { History } from './history';
import { HostCalls, type RecordedCall } from './hostCalls';
import { type Limits, type StopReason, type Usage, addUsage, checkLimits, noUsage } from './limits';
import type { Model } from './model';
import { Recorder } from './recorder';
import { type ReplayOptions, type ReplayReport, runReplay, toTextName } from './replayRun';
import type { Language, Outcome, Sandbox, VariableValue } from './sandbox';
import {
  checkAnswer,
  maxAnswerChars,
  noVariableError,
  requireActive,
  sandboxGoneError,
  secondAnswerError,
} from './sessionErrors';
import type { Summary } from './summary';
import type { TraceSink } from './traceStore';

export interface SessionSeed {
  readonly sessionId: string;
  readonly title: string;
  readonly language: Language;
  readonly limits: Limits;
  readonly parentSessionId: string | null;
  readonly depth: number;
}

export interface SessionParts {
  readonly sandbox: Sandbox;
  readonly sink: TraceSink;
  readonly model: Model;
  readonly contexts: ContextReader;
  readonly clock: Clock;
}

/** What a session's trace holds already when its object is made. */
export interface SessionStart {
  readonly opened: SessionOpened;
  readonly summary: Summary;
  /** Of the last event. */
  readonly step: number;
}

export interface StepInput {
  readonly code: string;
  /** Shortens the session's own step time-out; never lengthens it. */
  readonly timeoutMs?: number;
}

export interface StepResult {
  readonly step: number;
  readonly outcome: Outcome;
  readonly stop: StopReason | null;
  readonly usage: Usage;
  /** Time the step took in all, as charged to `maxRuntimeMs`. */
  readonly durationMs: number;
}

export type FinalizeInput = { readonly text: string } | { readonly variable: string };

const readTimeoutMs = 10_000;

export class Session implements Disposable {
  readonly seed: SessionSeed;
  readonly #parts: SessionParts;
  readonly #queue = new SerialQueue();
  readonly #store = new DisposableStore();
  readonly #recorder: Recorder;
  /** Fires after an event has been given to the trace, in order. */
  readonly onDidAppend: Recorder['onDidAppend'];
  readonly #running = new Set<AbortController>();
  /** Epoch ms from which `maxSessionMs` counts: a resumed session has its wall clock anew. */
  readonly #startedAt: number;
  #sandbox: Sandbox;
  #contextCount = 0;
  #finalVariable: string | null = null;
  #brokenBy: string | null = null;
  #closed = false;
  #lastUsedAt: number;

  /** The sink's trace must hold all that `start` says. */
  constructor(start: SessionStart, parts: SessionParts) {
    const { summary, step, opened } = start;
    this.seed = opened;
    this.#parts = parts;
    this.#recorder = this.#store.add(new Recorder({ summary, step }, parts));
    this.onDidAppend = this.#recorder.onDidAppend;
    this.#lastUsedAt = parts.clock.now();
    this.#sandbox = parts.sandbox;
    this.#watchSandbox();
    this.#startedAt = parts.clock.now();
    this.#store.add(
      parts.clock.after(opened.limits.maxSessionMs, () => {
        void this.#stop('timeout').catch(() => undefined); // the recorder keeps it for the next call
      }),
    );
  }

  get id(): string {
    return this.seed.sessionId;
  }

  get summary(): Summary {
    return this.#recorder.summary;
  }

  /** The sandbox below is gone; `replay` into a new one goes on. */
  get isBroken(): boolean {
    return this.#brokenBy !== null;
  }

  get status(): SessionStatus {
    return this.summary.status;
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
  async readVariable(
    request: { readonly name: string; readonly offset: number; readonly maxChars: number },
    signal: AbortSignal,
  ): Promise<VariableValue> {
    return this.#exclusive(signal, async () => {
      this.#requireSandbox();
      const value = await this.#sandbox.readVariable(
        { ...request, timeoutMs: readTimeoutMs },
        signal,
      );
      if (!value) {
        throw noVariableError(request.name);
      }
      return value;
    });
  }

  /** Loads more text; the first context is `context`, later ones `name` or `context_2`, …. */
  async addContext(
    given: GivenContext,
    options: { readonly name?: string; readonly onProgress?: LoadProgress },
    signal: AbortSignal,
  ): Promise<ContextInfo> {
    return this.#exclusive(signal, async () => {
      this.#requireActive();
      this.#requireSandbox();
      const number = this.#contextCount + 1;
      const variable = options.name ?? (number === 1 ? 'context' : `context_${number}`);
      const context = await this.#loadContext(given, { variable, ...options }, signal);
      this.#contextCount = number;
      if (given.text !== null) {
        await this.#parts.sink.keepText(toTextName(number), given.text);
      }
      await this.#recorder.append({
        kind: 'context.loaded',
        given: {
          hasText: given.text !== null,
          paths: given.paths,
          baseFolder: this.#parts.contexts.baseFolder,
        },
        context,
      });
      return context;
    });
  }

  /** Steps of one session run one after another in the order of the calls. */
  async runStep(input: StepInput, signal: AbortSignal): Promise<StepResult> {
    return this.#exclusive(signal, () => this.#runStepNow(input, signal));
  }

  /**
   * Ends the session with an answer. The same call again returns the same answer.
   * @throws RlmError 'SESSION_FINALIZED' for a different answer, 'VAR_NOT_FOUND', 'INVALID_INPUT'.
   */
  async finalize(input: FinalizeInput, signal: AbortSignal): Promise<Summary> {
    return this.#exclusive(signal, async () => {
      if (this.summary.status === 'finalized' && !('text' in input)) {
        return this.#sameAnswer(this.#finalVariable === input.variable);
      }
      const answer = 'text' in input ? input.text : await this.#readAnswer(input.variable, signal);
      if (this.summary.status === 'finalized') {
        return this.#sameAnswer(this.summary.finalAnswer === answer);
      }
      checkAnswer(answer);
      const cause = this.summary.stopCause;
      this.#finalVariable = 'text' in input ? null : input.variable;
      await this.#recorder.append({
        kind: 'session.finalized',
        answer,
        fromVariable: this.#finalVariable,
        finishReason: cause === null || cause === 'user' ? 'completed' : cause,
      });
      return this.summary;
    });
  }

  /**
   * Rebuilds the variables by running a record in `sandbox`, which takes the place of one that is gone.
   * Sub-models are not asked: recorded answers are used. The time is not charged to the session.
   */
  async replay(
    history: History,
    options: ReplayOptions & { readonly sandbox?: Sandbox },
    signal: AbortSignal,
  ): Promise<ReplayReport> {
    return this.#exclusive(signal, async () => {
      this.#useSandbox(options.sandbox ?? this.#sandbox);
      const report = await runReplay(history, options, {
        ...this.#parts,
        sandbox: this.#sandbox,
        recorder: this.#recorder,
        limits: this.seed.limits,
        signal,
        answerLive: (call, usage, callSignal) =>
          this.#createHostCalls(() => usage).answer(call, callSignal),
      });
      this.#contextCount = history.items.filter((item) => item.kind === 'context').length;
      const { sourceSessionId, engineId } = options;
      const { throughStep } = history;
      const isResumed = this.summary.status === 'interrupted';
      await this.#recorder.append(
        { kind: 'session.replayed', sourceSessionId, throughStep, engineId, ...report },
        isResumed ? { status: 'active' } : {},
      );
      return report;
    });
  }

  /** Stops the session at once: a running step is interrupted and keeps what it has done. */
  async stop(): Promise<void> {
    for (const controller of this.#running) {
      controller.abort();
    }
    await this.#stop('user');
  }

  /** Interrupts the running step, if any; the session goes on. */
  interrupt(): void {
    for (const controller of this.#running) {
      controller.abort();
    }
  }

  /** Lets go of the sandbox and ends the trace file. The trace stays readable. */
  async close(reason: string): Promise<void> {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    this.interrupt();
    await this.#queue.run(async () => {
      try {
        const isLeftOpen = this.summary.status === 'active';
        const over = isLeftOpen ? { status: 'interrupted' as const } : {};
        await this.#recorder.append({ kind: 'session.closed', reason }, over);
        await this.#parts.sink.close();
      } finally {
        this.dispose();
      }
    });
  }

  dispose(): void {
    this.#closed = true;
    this.#sandbox.dispose();
    this.#store.dispose();
  }

  async #runStepNow(input: StepInput, signal: AbortSignal): Promise<StepResult> {
    this.#requireActive();
    this.#requireSandbox();
    await this.#refuseOverLimit();
    const { clock } = this.#parts;
    const limits = this.seed.limits;
    const before = this.summary.usage;
    const step = before.steps + 1;
    const controller = new AbortController();
    const combined = AbortSignal.any([signal, controller.signal]);
    this.#running.add(controller);
    const started = clock.monotonic();
    const startedWritten = this.#recorder.append(
      { kind: 'step.started', code: input.code },
      { step },
    );
    startedWritten.catch(() => undefined); // awaited with the end of the step
    const calls = this.#createHostCalls();
    try {
      const outcome = await this.#sandbox.runStep(
        {
          step,
          code: input.code,
          timeoutMs: this.#stepTimeMs(input.timeoutMs),
          maxOutputChars: limits.maxOutputChars,
          onHostCall: (call, callSignal) => calls.answer(call, callSignal),
        },
        combined,
      );
      const durationMs = clock.monotonic() - started;
      const usage = addUsage(this.summary.usage, {
        ...noUsage,
        steps: 1,
        runtimeMs: durationMs,
        budgetUsed: input.code.length + outcome.stdout.length + outcome.stderr.length,
      });
      const stop = this.#judge(usage) ?? (calls.refusedByLimit ? 'llm_limit' : null);
      await startedWritten.catch(() => undefined);
      await this.#recorder.append({ kind: 'step.finished', outcome, stop }, { usage, stop });
      return { step, outcome, stop, usage, durationMs };
    } finally {
      this.#running.delete(controller);
    }
  }

  #useSandbox(sandbox: Sandbox): void {
    if (sandbox !== this.#sandbox) {
      this.#sandbox.dispose();
      this.#sandbox = sandbox;
      this.#brokenBy = null;
      this.#watchSandbox();
    }
  }

  #watchSandbox(): void {
    const sandbox = this.#sandbox;
    this.#store.add(
      sandbox.onDidDie((reason) => {
        if (sandbox === this.#sandbox) {
          this.#brokenBy = reason;
        }
      }),
    );
  }

  #createHostCalls(readUsage: () => Usage = () => this.summary.usage): HostCalls {
    return new HostCalls({
      model: this.#parts.model,
      clock: this.#parts.clock,
      limits: this.seed.limits,
      readUsage,
      record: (call) => this.#recordCall(call),
    });
  }

  async #recordCall(call: RecordedCall): Promise<void> {
    const usage = addUsage(this.summary.usage, {
      ...noUsage,
      llmCalls: 1, // a failed one counts too: it may have cost, and a loop of them must end
      llmTokens: call.promptTokens + call.answerTokens,
    });
    await this.#recorder.append(
      { kind: 'model.answered', ...call },
      { usage, step: this.summary.usage.steps + 1 },
    );
  }

  #stepTimeMs(askedMs: number | undefined): number {
    const { limits } = this.seed;
    const { usage } = this.summary;
    const sessionLeftMs = this.#startedAt + limits.maxSessionMs - this.#parts.clock.now();
    const runtimeLeftMs = limits.maxRuntimeMs - usage.runtimeMs;
    const allowedMs = Math.min(limits.stepTimeoutMs, runtimeLeftMs, sessionLeftMs);
    return Math.max(1, Math.min(allowedMs, askedMs ?? allowedMs));
  }

  #loadContext(
    given: GivenContext,
    options: { readonly variable: string; readonly onProgress?: LoadProgress },
    signal: AbortSignal,
  ): Promise<ContextInfo> {
    const { contexts } = this.#parts;
    return loadContext(given, { ...options, contexts, sandbox: this.#sandbox }, signal);
  }

  /** @throws RlmError 'SESSION_FINALIZED' unless it is the same answer again. */
  #sameAnswer(isSame: boolean): Summary {
    if (!isSame) {
      throw secondAnswerError(this.id);
    }
    return this.summary;
  }

  async #readAnswer(name: string, signal: AbortSignal): Promise<string> {
    this.#requireSandbox();
    const value = await this.#sandbox.readVariable(
      { name, offset: 0, maxChars: maxAnswerChars + 1, timeoutMs: readTimeoutMs },
      signal,
    );
    if (!value) {
      throw noVariableError(name);
    }
    return value.text;
  }

  async #stop(cause: StopCause): Promise<void> {
    await this.#queue.run(async () => {
      if (this.summary.status === 'active' && !this.#store.isDisposed) {
        await this.#recorder.append({ kind: 'session.stopped', cause }, { status: 'stopped' });
      }
    });
  }

  #judge(usage: Usage): StopReason | null {
    const sessionMs = this.#parts.clock.now() - this.#startedAt;
    return checkLimits(this.seed.limits, usage, sessionMs);
  }

  async #refuseOverLimit(): Promise<void> {
    const reason = this.#judge(this.summary.usage);
    if (reason) {
      await this.#recorder.append(
        { kind: 'session.stopped', cause: reason },
        { status: 'stopped' },
      );
      this.#requireActive();
    }
  }

  #requireActive(): void {
    requireActive(this.summary);
  }

  #requireSandbox(): void {
    if (this.#brokenBy !== null || this.#closed) {
      throw sandboxGoneError(this.id, this.#brokenBy ?? 'the session was closed');
    }
  }

  async #exclusive<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      if (signal.aborted) {
        throw cancelledError('The call');
      }
      this.#lastUsedAt = this.#parts.clock.now();
      await this.#recorder.writeOut();
      return task();
    });
  }
}
