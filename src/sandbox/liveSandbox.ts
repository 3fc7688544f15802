// One session's sandbox inside the sandbox process: its contexts, the step that runs and what that
// asks for, and another worker where one is lost.

import { randomUUID } from 'node:crypto';
import type { Disposable } from '../base/disposable';
import { onAbort, untilAborted } from '../base/abort';
import { RlmError, cancelledError, toRlmError } from '../core/errors';
import type { ContextSizes, Outcome, VariableValue } from '../core/sandbox';
import type { FileReply, FileRequest } from '../core/sandboxFiles';
import type { LoadParams, ReadParams, RunParams, WorkerKind } from '../protocol/sandboxProcess';
import { type LoadMessage, type ReplyMessage, processCalls } from '../protocol/worker';
import { AskedWorker, type Question, type WorkerCall } from './askedWorker';
import {
  type LostStep,
  createInterruptedOutcome,
  createLostOutcome,
  toOutcome,
  toValue,
} from './outcome';
import { SearchThread } from './searchThread';
import type { WorkerHandle } from './workerHandle';
import type { WorkerPool } from './workerPool';

const loadTimeoutMs = 60_000;

/** A reason made once: an abort without one builds an exception each time. */
const stepEnded = new Error('The step has ended.');

type CallHost = (name: string, args: readonly unknown[], signal: AbortSignal) => Promise<unknown>;

type CallAnswer = Pick<Extract<ReplyMessage, { value: unknown }>, 'value' | 'bytes'>;

interface RunningStep {
  readonly id: string;
  /** Aborts what the step is waiting for; the worker is then told that it was interrupted. */
  readonly calls: AbortController;
  readonly callHost: CallHost;
}

export class LiveSandbox implements Disposable {
  readonly #pool: WorkerPool;
  readonly #maxMemoryBytes: number;
  readonly #searchFolder: string;
  readonly #contexts: LoadMessage[] = [];
  readonly kind: WorkerKind;
  /** Undefined when there is none and the last replacement failed. */
  #current: Promise<AskedWorker> | undefined;
  /** The last that was of use; it may have ended. */
  #last: AskedWorker;
  /** The worker whose answer a step or a read waits for. */
  #asked: AskedWorker | undefined;
  #search: SearchThread | undefined;
  #running: RunningStep | undefined;
  /** Of the code, as of the last step that ended. */
  #variables: readonly string[] = [];
  /** Operations on files have been asked for of the worker that is there now. */
  #hasFiles = false;
  #filesLost = false;
  /** A step has run that the state of the code depends on. */
  #hasRun = false;
  /** Why that state was lost while nothing was asked: the next to ask is told. */
  #lostIdleBy: string | null = null;
  readonly #onDidDie: (reason: string) => void;
  #disposed = false;

  constructor(worker: WorkerHandle, pool: WorkerPool, options: LiveSandboxOptions) {
    this.#pool = pool;
    this.#maxMemoryBytes = options.maxMemoryBytes;
    this.#searchFolder = options.folder;
    this.kind = options.kind;
    this.#onDidDie = options.onDidDie;
    this.#last = this.#adopt(this.#listen(worker));
    this.#current = Promise.resolve(this.#last);
  }

  /** Asks for another worker where the last replacement failed. */
  get #worker(): Promise<AskedWorker> {
    return this.#current ?? this.#heal();
  }

  /** Null when the context does not fit. */
  async load(params: LoadParams, bytes: Uint8Array): Promise<ContextSizes | null> {
    const message: LoadMessage = {
      kind: 'load',
      id: randomUUID(),
      variable: params.variable,
      contextIndex: this.#contexts.length,
      shape: params.shape,
      maxMemoryBytes: this.#maxMemoryBytes,
      bytes,
      sources: params.sources,
    };
    const worker = await this.#worker;
    const answer = await worker.ask(message, loadTimeoutMs).finally(() => this.#fillPool());
    if (answer?.kind !== 'loaded') {
      throw lostError('while it loaded the context');
    }
    if (answer.sizes === null) {
      return null;
    }
    this.#contexts.push(message);
    const { sourceChars, ...sizes } = answer.sizes;
    const sources = params.sources
      .slice(0, sourceChars.length)
      .map((source, index) => ({ path: source.path, chars: sourceChars[index] ?? 0 }));
    return { ...sizes, sources, sourceCount: params.sources.length };
  }

  async run(params: RunParams, callHost: CallHost, signal: AbortSignal): Promise<Outcome> {
    const started = performance.now();
    if (this.#lostIdleBy !== null) {
      await this.#worker;
      return this.#tellLoss({ interruption: null, lostBy: this.#takeIdleLoss() }, params, 0);
    }
    const id = randomUUID();
    const calls = new AbortController();
    this.#running = { id, calls, callHost };
    const { step, code, maxOutputChars } = params;
    const message: Question = { kind: 'run', id, step, code, maxOutputChars };
    try {
      const asked = this.#askInterruptibly(message, params.timeoutMs, signal);
      const { answer, interruption, lostBy, network } = await asked;
      const elapsedMs = performance.now() - started;
      const used = network && { network };
      if (answer?.kind !== 'ran') {
        return { ...this.#tellLoss({ interruption, lostBy }, params, elapsedMs), ...used };
      }
      this.#hasRun = true;
      const outcome = { ...toOutcome(answer.outcome, params.maxOutputChars), ...used };
      this.#variables = outcome.variables;
      return interruption === null
        ? outcome
        : createInterruptedOutcome(outcome, interruption, params.timeoutMs);
    } finally {
      this.#running = undefined;
      calls.abort(stepEnded);
      this.#search?.dropGiven();
      this.#fillPool();
    }
  }

  /** Of all that the code had made. */
  #tellLoss(
    lost: Pick<LostStep, 'interruption' | 'lostBy'>,
    { timeoutMs }: RunParams,
    elapsedMs: number,
  ): Outcome {
    const kept = new Set(this.#contexts.map(({ variable }) => variable));
    const variables = this.#variables.filter((name) => !kept.has(name));
    this.#variables = [];
    this.#hasRun = false;
    const filesLost = this.kind.place === null;
    return createLostOutcome({ ...lost, timeoutMs, elapsedMs, variables, filesLost });
  }

  #takeIdleLoss(): string | null {
    const reason = this.#lostIdleBy;
    this.#lostIdleBy = null;
    return reason === null ? null : `before this step, which was not run: ${reason}`;
  }

  /** Stops the clock of the running step, or lets it go on; holds add up. */
  hold(held: boolean): void {
    this.#asked?.hold(held);
  }

  async read(params: ReadParams, signal: AbortSignal): Promise<VariableValue | null> {
    const { name, offset, maxChars } = params;
    if (this.#lostIdleBy !== null) {
      throw lostError(`before ${name} was read (${this.#lostIdleBy})`);
    }
    const message: Question = { kind: 'read', id: randomUUID(), name, offset, maxChars };
    const { answer, lostBy } = await this.#askInterruptibly(message, params.timeoutMs, signal);
    if (answer?.kind !== 'value') {
      this.#variables = [];
      this.#hasRun = false;
      throw lostError(`while it read ${name} (${lostBy ?? 'interrupted'})`);
    }
    return answer.value && toValue(answer.value, maxChars);
  }

  async runFileOperation(request: FileRequest, signal: AbortSignal): Promise<FileReply> {
    const message: Question = { kind: 'files', id: randomUUID(), operation: request.operation };
    if (this.#lostIdleBy !== null) {
      throw lostError(`before its files were asked for (${this.#lostIdleBy})`);
    }
    await this.#worker;
    const filesLost = this.#filesLost;
    this.#filesLost = false;
    this.#hasFiles = true;
    const asked = this.#askInterruptibly(message, request.timeoutMs, signal);
    const { answer, interruption, network } = await asked;
    if (answer?.kind !== 'filed') {
      this.#variables = [];
      this.#hasRun = false;
    }
    const filed = answer?.kind === 'filed' ? answer.answer : null;
    return { answer: filed, interruption, filesLost, ...(network && { network }) };
  }

  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.#fillPool(); // it may end before it has loaded anything
    this.#disposed = true;
    this.#search?.dispose();
    this.#running?.calls.abort();
    void this.#current?.then((worker) => worker.dispose()).catch(() => undefined);
    this.#last.dispose();
  }

  async #askInterruptibly(question: Question, timeoutMs: number, signal: AbortSignal) {
    const worker = await this.#worker;
    const onInterrupt = (): void => this.#running?.calls.abort();
    this.#asked = worker;
    try {
      const asked = await worker.askInterruptibly(question, { timeoutMs, signal, onInterrupt });
      if (asked.answer !== null && (this.#hasRun || question.kind === 'run')) {
        this.#lostIdleBy ??= worker.endedBy; // it ended beside its answer, which tells of no loss
      }
      return asked;
    } finally {
      this.#asked = undefined;
    }
  }

  #listen(handle: WorkerHandle): AskedWorker {
    const worker = new AskedWorker(handle, (call) => void this.#answerCall(worker, call));
    worker.onDidEnd(() => this.#running?.calls.abort());
    return worker;
  }

  /** From here on the worker's end makes room for another. */
  #adopt(worker: AskedWorker): AskedWorker {
    worker.onDidEnd((reason) => {
      if (!this.#disposed) {
        if (this.#asked !== worker && this.#hasRun) {
          this.#lostIdleBy = reason;
        }
        this.#heal().catch(() => undefined); // told to the request that waits for it
      }
    });
    return worker;
  }

  /** In place of the worker that was taken for this sandbox, once that has its work behind it. */
  #fillPool(): void {
    if (!this.#disposed) {
      this.#pool.prewarm(this.kind);
    }
  }

  /** When it fails, whoever waits is told, and the next request tries again. */
  #heal(): Promise<AskedWorker> {
    const healed = this.#replace();
    this.#current = healed;
    healed.catch(() => {
      this.#current = undefined;
    });
    return healed;
  }

  /** A fresh worker with the contexts loaded again; the code's own variables are gone. */
  async #replace(): Promise<AskedWorker> {
    const inPlace = await this.#last.replace().catch(() => null);
    if (inPlace === null && this.#lostIdleBy !== null) {
      // Nothing is left of where it ran: the record makes it anew, and not only the contexts.
      this.#onDidDie(this.#lostIdleBy);
      throw lostError(`before it was asked (${this.#lostIdleBy})`);
    }
    if (inPlace === null) {
      this.#last.dispose();
    }
    const worker = this.#listen(inPlace ?? (await this.#pool.take(this.kind)));
    this.#filesLost ||= inPlace === null && this.#hasFiles;
    try {
      for (const context of this.#contexts) {
        const again = { ...context, id: randomUUID() };
        const answer = await worker.ask(again, loadTimeoutMs);
        if (answer?.kind !== 'loaded' || answer.sizes === null) {
          throw lostError('while it loaded the context again');
        }
      }
      if (this.#disposed || worker.endedBy !== null) {
        throw lostError('before it was of use');
      }
      this.#last = this.#adopt(worker);
      return worker;
    } catch (thrown) {
      worker.dispose();
      throw thrown;
    }
  }

  async #answerCall(worker: AskedWorker, message: WorkerCall): Promise<void> {
    const running = this.#running;
    if (running?.id !== message.id) {
      worker.end(); // a call from outside the running step
      return;
    }
    const { call } = message;
    const { signal } = running.calls;
    try {
      const asked = this.#call(message.name, message.args, running);
      const answer = await untilAborted(asked, signal, () => cancelledError('The call'));
      worker.reply(
        signal.aborted
          ? { kind: 'reply', call, interrupted: true }
          : { kind: 'reply', call, ...answer },
      );
    } catch (thrown) {
      const { code, message: text, nextStep } = toRlmError(thrown);
      worker.reply(
        signal.aborted
          ? { kind: 'reply', call, interrupted: true }
          : { kind: 'reply', call, error: { code, message: `${text} ${nextStep}`.trim() } },
      );
    }
  }

  async #call(name: string, args: readonly unknown[], running: RunningStep): Promise<CallAnswer> {
    const { signal } = running.calls;
    switch (name) {
      case processCalls.sleep:
        return { value: await sleep(args[0], signal) };
      case processCalls.give:
      case processCalls.grep:
      case processCalls.count:
      case processCalls.search:
        this.#search ??= new SearchThread({
          folder: this.#searchFolder,
          maxMemoryBytes: this.#maxMemoryBytes,
          contexts: () => this.#contexts,
        });
        return this.#search.ask(name, args[0], signal);
      default:
        return { value: (await running.callHost(name, args, signal)) ?? null };
    }
  }
}

export interface LiveSandboxOptions {
  readonly kind: WorkerKind;
  readonly maxMemoryBytes: number;
  /** Holds the worker bundles. */
  readonly folder: string;
  /** Called when nothing is left of where it ran, and no step was told so. */
  readonly onDidDie: (reason: string) => void;
}

function sleep(milliseconds: unknown, signal: AbortSignal): Promise<null> {
  const delayMs = typeof milliseconds === 'number' ? clamp(milliseconds, 0, 2 ** 31 - 1) : 0;
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      registration.dispose();
      resolve(null);
    };
    const timer = setTimeout(done, delayMs);
    const registration = onAbort(signal, () => queueMicrotask(done));
  });
}

/** Not a number becomes `min`. */
function clamp(value: number, min: number, max: number): number {
  return value >= min ? Math.min(value, max) : min;
}

function lostError(when: string): RlmError {
  return new RlmError('SANDBOX_EXEC_ERROR', `The sandbox lost its worker ${when}.`, {
    nextStep: 'Variables are lost, contexts are kept: run the steps that made them again.',
  });
}
