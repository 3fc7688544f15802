// The work of one engine that goes on between the calls of its callers, by session.

import type { Disposable } from '../base/disposable';
import type { CallerRun } from './callerRun';
import type { CallerWork } from './callerWork';
import { RlmError } from './errors';
import type { LoopResult } from './loop';
import type { Session, StepResult } from './session';

export type KeptWork = KeptStep | KeptRun;

/** Kept until its caller has been told how it ended. */
export interface KeptStep {
  readonly kind: 'step';
  readonly work: CallerWork<StepResult>;
  readonly session: Session;
}

/** Kept for a while after its end too, for callers that ask later, or again. */
export interface KeptRun {
  readonly kind: 'run';
  readonly work: CallerWork<LoopResult>;
  readonly run: CallerRun;
}

const maxEndedRuns = 100;

export class CallerWorks implements Disposable {
  /** In the order they came. */
  readonly #works = new Map<string, KeptWork>();
  #disposed = false;

  add(sessionId: string, kept: KeptWork): void {
    this.#works.set(sessionId, kept);
    const ended = [...this.#works].filter(([, { work }]) => work.isOver);
    for (const [id] of ended.slice(0, Math.max(0, ended.length - maxEndedRuns))) {
      this.#works.delete(id);
    }
    if (this.#disposed) {
      kept.work.cancel();
    }
  }

  find(sessionId: string): KeptWork | undefined {
    return this.#works.get(sessionId);
  }

  delete(sessionId: string, kept: KeptWork): void {
    if (this.#works.get(sessionId) === kept) {
      this.#works.delete(sessionId);
    }
  }

  /**
   * Call it before work that would queue up behind a step which waits for its caller.
   * @param line the session and those it is a child of, whose work it belongs to.
   * @throws RlmError 'INVALID_INPUT' while the work of one waits for answers.
   */
  requireFree(line: readonly string[]): void {
    const waiting = line.find((id) => this.#works.get(id)?.work.isWaiting);
    if (waiting !== undefined) {
      throw new RlmError('INVALID_INPUT', `Session ${waiting} waits for your answers.`, {
        nextStep:
          'Give them with rlm_answer (with no answers it shows the prompts again), or end the session with rlm_finalize.',
      });
    }
  }

  /** Ends what waits, so that the session can be worked with; settles when it has ended. */
  async cancelWaiting(sessionId: string): Promise<void> {
    const work = this.#works.get(sessionId)?.work;
    if (work?.isWaiting) {
      work.cancel();
      this.#works.delete(sessionId);
      await work.ended.then(
        () => undefined,
        () => undefined,
      );
    }
  }

  /** Cancels what is under way. */
  dispose(): void {
    this.#disposed = true;
    for (const { work } of this.#works.values()) {
      work.cancel();
    }
  }
}
