// The clock of one step's time-out, which stands still while the step waits for its caller.

import type { Disposable } from '../base/disposable';

export class StepClock implements Disposable {
  readonly #run: () => void;
  #leftMs: number;
  #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #holds = 0;

  /** Calls `run` once after `timeoutMs` that were not held. */
  constructor(timeoutMs: number, run: () => void) {
    this.#leftMs = timeoutMs;
    this.#run = run;
    this.#timer = setTimeout(run, timeoutMs);
  }

  /** Stops the clock, or takes back one stop. */
  hold(held: boolean): void {
    this.#holds += held ? 1 : -1;
    if (held && this.#holds === 1) {
      clearTimeout(this.#timer);
      this.#leftMs -= performance.now() - this.#startedAt;
    } else if (!held && this.#holds === 0) {
      this.#startedAt = performance.now();
      this.#timer = setTimeout(this.#run, Math.max(1, this.#leftMs));
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#holds = Number.POSITIVE_INFINITY; // a late end of a hold starts nothing
  }
}
