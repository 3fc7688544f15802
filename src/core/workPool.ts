// Steps and running time that the parts of one run share: together they use no more than the run may.

import type { Limits } from './limits';

export class WorkPool {
  #steps: number;
  #runtimeMs: number;

  constructor({ maxSteps, maxRuntimeMs }: Pick<Limits, 'maxSteps' | 'maxRuntimeMs'>) {
    this.#steps = maxSteps;
    this.#runtimeMs = maxRuntimeMs;
  }

  /** Steps that have not begun. */
  get leftSteps(): number {
    return this.#steps;
  }

  /** Of all that have ended. */
  get leftMs(): number {
    return this.#runtimeMs;
  }

  /** A step begins. */
  takeStep(): void {
    this.#steps -= 1;
  }

  /** A step has ended. */
  spendMs(durationMs: number): void {
    this.#runtimeMs -= durationMs;
  }
}
