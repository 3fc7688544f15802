// What a session's limits say as it goes on: the verdict over its usage, and the time it has left.

import type { Disposable } from '../base/disposable';
import type { Clock } from './clock';
import { type Limits, type StopReason, type Usage, checkLimits } from './limits';

export class Guardrails implements Disposable {
  readonly #limits: Limits;
  readonly #clock: Clock;
  /** Epoch ms from which `maxSessionMs` counts: a resumed session has its wall clock anew. */
  readonly #startedAt: number;
  readonly #timer: Disposable;
  #isOverTime = false;

  /** `onOverTime` is called once when `maxSessionMs` is over. */
  constructor(limits: Limits, clock: Clock, onOverTime: () => void) {
    this.#limits = limits;
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
    return stop ?? (leftChars <= 0 ? 'budget_exceeded' : null);
  }

  /** What a step may take, no more than it asks for. */
  toStepMs(usage: Usage, askedMs: number | undefined): number {
    const { maxRuntimeMs, stepTimeoutMs } = this.#limits;
    const allowedMs = Math.min(stepTimeoutMs, maxRuntimeMs - usage.runtimeMs, this.leftMs);
    return Math.max(1, Math.min(allowedMs, askedMs ?? allowedMs));
  }

  dispose(): void {
    this.#timer.dispose();
  }
}
