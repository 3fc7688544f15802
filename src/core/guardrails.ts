// What a session's limits say as it goes on: the verdict over its usage, and the time it has left.

import type { Disposable } from '../base/disposable';
import type { Clock } from './clock';
import { type Limits, type StopReason, type Usage, checkLimits } from './limits';
import type { StepTurn, WorkPool } from './workPool';

interface GuardrailParts {
  readonly limits: Limits;
  /** Of the run that the session is a part of; null: it is none. */
  readonly pool: WorkPool | null;
  readonly clock: Clock;
  readonly onOverTime: () => void;
}

export class Guardrails implements Disposable {
  readonly #limits: Limits;
  readonly #pool: WorkPool | null;
  readonly #clock: Clock;
  /** Epoch ms from which `maxSessionMs` counts: a resumed session has its wall clock anew. */
  readonly #startedAt: number;
  readonly #timer: Disposable;
  #isOverTime = false;

  /** `onOverTime` is called once when `maxSessionMs` is over. */
  constructor({ limits, pool, clock, onOverTime }: GuardrailParts) {
    this.#limits = limits;
    this.#pool = pool;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#timer = clock.after(limits.maxSessionMs, () => {
      this.#isOverTime = true;
      onOverTime();
    });
  }

  /** Of `maxSessionMs`. */
  get leftMs(): number {
    return Math.max(0, this.#startedAt + this.#limits.maxSessionMs - this.#clock.now());
  }

  /** `maxSessionMs` is over. */
  get isOverTime(): boolean {
    return this.#isOverTime;
  }

  /** `leftChars`: of the budget, which parents may have used up too. */
  judge(usage: Usage, leftChars: number): StopReason | null {
    const own = checkLimits(this.#limits, usage, this.#clock.now() - this.#startedAt);
    const stop = own ?? (this.#isOverTime ? 'timeout' : null); // timers may be early by a little
    return stop ?? (leftChars <= 0 ? 'budget_exceeded' : null) ?? this.#judgePool();
  }

  /**
   * Begins a step that `judge` allows, in the same turn, with no more time than it asks for. Null: others of its
   * run hold the time it may need; try again after `whenStepEnded`.
   */
  startStep(usage: Usage, askedMs: number | undefined): StepTurn | null {
    const timeoutMs = this.toTimeoutMs(usage, askedMs);
    return this.#pool ? this.#pool.startStep(timeoutMs) : { timeoutMs, end: () => undefined };
  }

  /** How long what `judge` allows may run, and no longer than it asks for. */
  toTimeoutMs(usage: Usage, askedMs: number | undefined): number {
    const { maxRuntimeMs, stepTimeoutMs } = this.#limits;
    const ownMs = Math.min(stepTimeoutMs, maxRuntimeMs - usage.runtimeMs, this.leftMs);
    const allowedMs = Math.min(ownMs, this.#pool?.leftMs ?? ownMs);
    return Math.max(1, Math.min(allowedMs, askedMs ?? allowedMs));
  }

  /** Settles when a step of the same run has ended, or `signal` aborts. */
  async whenStepEnded(signal: AbortSignal): Promise<void> {
    await this.#pool?.whenStepEnded(signal);
  }

  #judgePool(): StopReason | null {
    if (!this.#pool) {
      return null;
    }
    const { leftSteps, leftMs } = this.#pool;
    return leftSteps <= 0 ? 'max_steps' : leftMs <= 0 ? 'timeout' : null;
  }

  dispose(): void {
    this.#timer.dispose();
  }
}
