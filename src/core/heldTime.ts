// The time of a step in which it waited for its caller: not charged to the step.

import type { Disposable } from '../base/disposable';
import type { Clock } from './clock';
import type { AskClient, ModelClient } from './model';

export class HeldTime {
  readonly #clock: Clock;
  readonly #stopClock: () => Disposable;
  #waiting = 0;
  #since = 0;
  #endedMs = 0;

  /** `stopClock` stops the time-out of the running step. */
  constructor(clock: Clock, stopClock: () => Disposable) {
    this.#clock = clock;
    this.#stopClock = stopClock;
  }

  get totalMs(): number {
    return this.#endedMs + (this.#waiting > 0 ? this.#clock.monotonic() - this.#since : 0);
  }

  /** The client with the waits held for its agent's answers, and for its own model to be reachable. */
  wrap(client: ModelClient): ModelClient {
    const { ask, sample } = client;
    const whenReachable = (signal: AbortSignal): Promise<void> | null => {
      const reachable = client.whenReachable?.(signal) ?? null;
      return reachable && this.#hold(() => reachable);
    };
    return {
      ask: ask && ((request, signal) => this.#hold(() => ask(request, signal))),
      sample: sample && this.#wrapSample(sample, whenReachable),
      whenReachable,
      ...(client.expectAsk && { expectAsk: client.expectAsk }),
    };
  }

  #wrapSample(
    sample: AskClient,
    whenReachable: (signal: AbortSignal) => Promise<void> | null,
  ): AskClient {
    return async (request, signal) => {
      await whenReachable(signal);
      return sample(request, signal);
    };
  }

  async #hold<T>(wait: () => Promise<T>): Promise<T> {
    const held = this.#stopClock();
    if (this.#waiting++ === 0) {
      this.#since = this.#clock.monotonic();
    }
    try {
      return await wait();
    } finally {
      held.dispose();
      if (--this.#waiting === 0) {
        this.#endedMs += this.#clock.monotonic() - this.#since;
      }
    }
  }
}
