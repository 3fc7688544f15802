// Steps and running time that the parts of one run share: together they use no more than the run may. A step that
// runs holds all the time it may take, and gives back what it did not need.

import { untilFired } from '../base/abort';
import { Emitter } from '../base/emitter';
import type { Limits, SharedLimit } from './limits';

/** Of the whole run. */
type RunLimits = Pick<Limits, 'maxSteps' | 'maxRuntimeMs'>;

/** What a step may take while it runs. */
export interface StepTurn {
  readonly timeoutMs: number;
  /** The step has ended after so long. */
  end(durationMs: number): void;
}

export class WorkPool {
  #steps: number;
  #runtimeMs: number;
  #heldMs = 0;
  readonly #limits: RunLimits;
  readonly #ended = new Emitter<void>();

  constructor(limits: RunLimits) {
    this.#limits = limits;
    this.#steps = limits.maxSteps;
    this.#runtimeMs = limits.maxRuntimeMs;
  }

  /** As each of its parts has it. */
  get shared(): Readonly<Record<'steps' | 'runtimeMs', SharedLimit>> {
    const { maxSteps, maxRuntimeMs } = this.#limits;
    return {
      steps: { max: maxSteps, left: this.#steps },
      runtimeMs: { max: maxRuntimeMs, left: this.#runtimeMs },
    };
  }

  /** Steps that have not begun. */
  get leftSteps(): number {
    return this.#steps;
  }

  /** Of all that have ended. */
  get leftMs(): number {
    return this.#runtimeMs;
  }

  /** Begins a step. Null: it may have as much time as it wants only after steps that run now. */
  startStep(wantedMs: number): StepTurn | null {
    const freeMs = this.#runtimeMs - this.#heldMs;
    if (this.#heldMs > 0 && freeMs < wantedMs) {
      return null;
    }
    const timeoutMs = Math.max(1, Math.min(wantedMs, freeMs));
    this.#steps -= 1;
    this.#heldMs += timeoutMs;
    return {
      timeoutMs,
      end: (durationMs) => {
        this.#heldMs -= timeoutMs;
        this.#runtimeMs -= durationMs;
        this.#ended.fire();
      },
    };
  }

  /** Settles when a step has ended, or `signal` aborts. */
  whenStepEnded(signal: AbortSignal): Promise<void> {
    return untilFired(this.#ended.event, signal);
  }
}
