// The tasks of one engine, in the order they came: found by their session, kept for a while after their end.

import { type Disposable, DisposableStore } from '../../base/disposable';
import { Emitter } from '../../base/emitter';
import { RlmError } from '../errors';
import type { Task } from './task';

export type AnyTask = Task<'step'> | Task<'run'>;

const maxEnded = 100;

export class Tasks implements Disposable {
  /** With what listens to each. */
  readonly #tasks = new Map<AnyTask, Disposable>();
  /** Fires when something in a task asks for an answer. */
  readonly #asked = new Emitter<AnyTask>();
  #disposed = false;

  add(task: AnyTask): void {
    this.#tasks.set(
      task,
      task.onDidAsk(() => this.#asked.fire(task)),
    );
    this.#forgetEnded();
    if (this.#disposed) {
      task.cancel();
    }
  }

  /** What a caller that names the session means: what needs input, else what works, else what came last. */
  find(sessionId: string): AnyTask | undefined {
    const tasks = this.#listOf(sessionId);
    return (
      tasks.find(({ status }) => status === 'input_required') ??
      tasks.find(({ hasEnded }) => !hasEnded) ??
      tasks.at(-1)
    );
  }

  /** The last run of the session, ended or not. */
  findRun(sessionId: string): Task<'run'> | undefined {
    return this.#listOf(sessionId)
      .filter((task) => task.kind === 'run')
      .at(-1);
  }

  delete(task: AnyTask): void {
    this.#tasks.get(task)?.dispose();
    this.#tasks.delete(task);
  }

  /**
   * Call it before work that would queue up behind a step which waits for its caller.
   * @param line the session and those it is a child of, whose work it belongs to.
   * @throws RlmError 'INVALID_INPUT' while a task of one needs input.
   */
  requireFree(line: readonly string[]): void {
    const waiting = line.find((id) => this.isInputRequired(id));
    if (waiting !== undefined) {
      throw inputRequiredError(waiting);
    }
  }

  isInputRequired(sessionId: string): boolean {
    return this.#listOf(sessionId).some(({ status }) => status === 'input_required');
  }

  /**
   * Starts a step; it queues up in its session behind those before it. When one of these comes to need
   * input, it is refused: a caller that waits for all of them could not answer.
   * @throws RlmError as `requireFree`, and 'INVALID_INPUT' while a run works.
   */
  startStep(line: readonly [string, ...string[]], create: () => Task<'step'>): Task<'step'> {
    const [sessionId] = line;
    this.requireFree(line);
    const before = this.#listOf(sessionId).filter(({ hasEnded }) => !hasEnded);
    if (before.some(({ kind }) => kind === 'run')) {
      throw new RlmError('INVALID_INPUT', `A run goes on in session ${sessionId}.`, {
        nextStep: 'Wait for its end with rlm_wait, or end it with rlm_finalize.',
      });
    }
    const task = create();
    this.add(task);
    const listening = new DisposableStore();
    listening.add(
      this.#asked.event((asking) => {
        const at = asking.sessionId;
        if (asking !== task && at !== null && line.includes(at)) {
          task.refuse(inputRequiredError(at)); // a step of a child asks through the task of its parent
        }
      }),
    );
    const stopListening = (): void => listening.dispose();
    task.ended.then(stopListening, stopListening);
    return task;
  }

  /**
   * Does work that queues up in its session behind steps, and is refused as these are when one comes to need
   * input; its signal aborts then.
   * @param line as of `requireFree`.
   * @throws RlmError as `requireFree`, and what the work fails with.
   */
  async runQueued<T>(
    line: readonly string[],
    { isQueued, signal }: { readonly isQueued: () => boolean; readonly signal: AbortSignal },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (isQueued()) {
      this.requireFree(line);
    }
    const refusing = new AbortController();
    const listening = new DisposableStore();
    const refused = new Promise<never>((_, reject) => {
      listening.add(
        this.#asked.event(({ sessionId }) => {
          if (sessionId !== null && line.includes(sessionId) && isQueued()) {
            reject(inputRequiredError(sessionId));
            refusing.abort();
          }
        }),
      );
    });
    try {
      return await Promise.race([work(AbortSignal.any([signal, refusing.signal])), refused]);
    } finally {
      listening.dispose();
    }
  }

  /** Ends what goes on in the session and what is queued behind it; settles when they have ended. */
  async cancelAll(sessionId: string): Promise<void> {
    const unfinished = this.#listOf(sessionId).filter(({ hasEnded }) => !hasEnded);
    for (const task of unfinished) {
      task.cancel();
      this.delete(task);
    }
    await Promise.allSettled(unfinished.map(({ ended }) => ended));
  }

  /** Cancels what has not ended. */
  dispose(): void {
    this.#disposed = true;
    for (const [task, listening] of this.#tasks) {
      task.cancel();
      listening.dispose();
    }
    this.#asked.dispose();
  }

  #listOf(sessionId: string): readonly AnyTask[] {
    return [...this.#tasks.keys()].filter((task) => task.sessionId === sessionId);
  }

  #forgetEnded(): void {
    const ended = [...this.#tasks.keys()].filter(({ hasEnded }) => hasEnded);
    for (const task of ended.slice(0, Math.max(0, ended.length - maxEnded))) {
      this.delete(task);
    }
  }
}

function inputRequiredError(sessionId: string): RlmError {
  return new RlmError('INVALID_INPUT', `Session ${sessionId} waits for your answers.`, {
    nextStep:
      'Give them with rlm_answer (with no answers it shows the prompts again), or end the session with rlm_finalize and final_text.',
  });
}
