// The work of one engine that goes on between the calls of its callers, by session.

import { type Disposable, DisposableStore } from '../base/disposable';
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

const maxEnded = 100;

export class CallerWorks implements Disposable {
  /** Of each session in the order they came. */
  readonly #works = new Map<string, readonly KeptWork[]>();
  #disposed = false;

  add(sessionId: string, kept: KeptWork): void {
    const works = this.#works.get(sessionId) ?? [];
    if (!works.includes(kept)) {
      this.#works.set(sessionId, [...works, kept]);
    }
    this.#forgetEnded();
    if (this.#disposed) {
      kept.work.cancel();
    }
  }

  /** What a caller that names the session means: what waits for answers, else goes on, else came last. */
  find(sessionId: string): KeptWork | undefined {
    const works = this.#works.get(sessionId) ?? [];
    return (
      works.find(({ work }) => work.isWaiting) ??
      works.find(({ work }) => !work.isOver) ??
      works.at(-1)
    );
  }

  /** The last run of the session, over or not. */
  findRun(sessionId: string): CallerRun | undefined {
    const last = this.#works.get(sessionId)?.findLast(({ kind }) => kind === 'run');
    return last?.kind === 'run' ? last.run : undefined;
  }

  delete(sessionId: string, kept: KeptWork): void {
    const others = this.#works.get(sessionId)?.filter((one) => one !== kept) ?? [];
    if (others.length > 0) {
      this.#works.set(sessionId, others);
    } else {
      this.#works.delete(sessionId);
    }
  }

  /**
   * Call it before work that would queue up behind a step which waits for its caller.
   * @param line the session and those it is a child of, whose work it belongs to.
   * @throws RlmError 'INVALID_INPUT' while the work of one waits for answers.
   */
  requireFree(line: readonly string[]): void {
    const waiting = line.find((id) => this.#works.get(id)?.some(({ work }) => work.isWaiting));
    if (waiting !== undefined) {
      throw waitsError(waiting);
    }
  }

  /**
   * Starts a step; it queues up in its session behind those before it. When one of these comes to wait for
   * its caller, it is refused: a caller that waits for all of them could not answer.
   * @throws RlmError as `requireFree`, and 'INVALID_INPUT' while a run goes on.
   */
  startStep(line: readonly [string, ...string[]], create: () => KeptStep): KeptStep {
    const [sessionId] = line;
    this.requireFree(line);
    const before = (this.#works.get(sessionId) ?? []).filter(({ work }) => !work.isOver);
    if (before.some(({ kind }) => kind === 'run')) {
      throw new RlmError('INVALID_INPUT', `A run goes on in session ${sessionId}.`, {
        nextStep: 'Wait for its end with rlm_wait, or end it with rlm_finalize.',
      });
    }
    const kept = create();
    this.add(sessionId, kept);
    const listening = new DisposableStore();
    for (const { work } of before) {
      listening.add(work.onDidAsk(() => kept.work.refuse(waitsError(sessionId))));
    }
    const stopListening = (): void => listening.dispose();
    kept.work.ended.then(stopListening, stopListening);
    return kept;
  }

  /** Ends what waits and what is queued behind it; settles when it has ended. */
  async cancelWaiting(sessionId: string): Promise<void> {
    const works = this.#works.get(sessionId) ?? [];
    if (works.some(({ work }) => work.isWaiting)) {
      const unfinished = works.filter(({ work }) => !work.isOver);
      for (const kept of unfinished) {
        kept.work.cancel();
        this.delete(sessionId, kept);
      }
      await Promise.allSettled(unfinished.map(({ work }) => work.ended));
    }
  }

  /** Cancels what is under way. */
  dispose(): void {
    this.#disposed = true;
    for (const { work } of [...this.#works.values()].flat()) {
      work.cancel();
    }
  }

  #forgetEnded(): void {
    const ended = [...this.#works].flatMap(([sessionId, works]) =>
      works.filter(({ work }) => work.isOver).map((kept) => ({ sessionId, kept })),
    );
    for (const { sessionId, kept } of ended.slice(0, Math.max(0, ended.length - maxEnded))) {
      this.delete(sessionId, kept);
    }
  }
}

function waitsError(sessionId: string): RlmError {
  return new RlmError('INVALID_INPUT', `Session ${sessionId} waits for your answers.`, {
    nextStep:
      'Give them with rlm_answer (with no answers it shows the prompts again), or end the session with rlm_finalize.',
  });
}
