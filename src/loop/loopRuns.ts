// Runs that go on without a waiting caller, by the id of their session, and the results of those that
// have ended.

import { untilAborted } from '../base/abort';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Clock } from '../core/clock';
import { cancelledError, RlmError } from '../core/errors';
import type { LoopProgress, LoopRequest, LoopResult, LoopStanding, LoopWait } from '../core/loop';

interface StartedRun {
  readonly controller: AbortController;
  readonly result: Promise<LoopResult>;
  readonly progress: Emitter<LoopProgress>;
  iterations: number;
}

/** Results kept for callers that ask later. */
const maxEndedRuns = 100;

export class LoopRuns implements Disposable {
  readonly #run: (request: LoopRequest, signal: AbortSignal) => Promise<LoopResult>;
  readonly #clock: Clock;
  /** In the order they were started. */
  readonly #started = new Map<string, StartedRun>();
  readonly #running = new Set<StartedRun>();
  #disposed = false;

  constructor(
    run: (request: LoopRequest, signal: AbortSignal) => Promise<LoopResult>,
    clock: Clock,
  ) {
    this.#run = run;
    this.#clock = clock;
  }

  /** Settles when the run's session is open; rejects when it cannot be opened. */
  start(request: LoopRequest): Promise<string> {
    const controller = new AbortController();
    const progress = new Emitter<LoopProgress>();
    return new Promise((resolve, reject) => {
      const onProgress = (step: LoopProgress): void => {
        if (step.kind === 'opened') {
          this.#started.set(step.sessionId, run);
          resolve(step.sessionId);
        }
        run.iterations = step.kind === 'thinking' ? step.iteration : run.iterations;
        progress.fire(step);
        request.onProgress?.(step);
      };
      const result = this.#run({ ...request, onProgress }, controller.signal);
      const run: StartedRun = { controller, result, progress, iterations: 0 };
      this.#running.add(run);
      result.then(
        () => this.#end(run),
        (thrown: unknown) => {
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
          this.#end(run);
        },
      );
      if (this.#disposed) {
        controller.abort();
      }
    });
  }

  async wait(
    sessionId: string,
    { waitMs, onProgress }: LoopWait,
    signal: AbortSignal,
  ): Promise<LoopStanding> {
    const run = this.#started.get(sessionId);
    if (!run) {
      throw new RlmError('SESSION_NOT_FOUND', `No run of session ${sessionId} is known here.`, {
        nextStep:
          'Give the session_id that a loop tool returned with status running. Its engine may have ended since: rlm_get_trace shows how far the run came.',
      });
    }
    let timer: Disposable | undefined;
    const elapsed = new Promise<LoopStanding>((resolve) => {
      const toStanding = () => ({ kind: 'running', iterations: run.iterations }) as const;
      timer = this.#clock.after(waitMs, () => resolve(toStanding()));
    });
    const ended = run.result.then((result) => ({ kind: 'ended', result }) as const);
    const listening = onProgress ? run.progress.event(onProgress) : undefined;
    try {
      const settled = Promise.race([ended, elapsed]);
      return await untilAborted(settled, signal, () => cancelledError('The waiting'));
    } finally {
      timer?.dispose();
      listening?.dispose();
    }
  }

  dispose(): void {
    this.#disposed = true;
    for (const { controller } of this.#running) {
      controller.abort();
    }
  }

  #end(run: StartedRun): void {
    this.#running.delete(run);
    run.progress.dispose();
    const ended = [...this.#started].filter(([, one]) => !this.#running.has(one));
    for (const [sessionId] of ended.slice(0, Math.max(0, ended.length - maxEndedRuns))) {
      this.#started.delete(sessionId);
    }
  }
}
