// The time of a step in which it waited for its caller: not charged to the step.

import type { Disposable } from '../base/disposable';
import type { Clock } from './clock';
import type { AskClient, ModelClient } from './model';

export class HeldTime {
  readonly #clock: Clock;
  readonly #hold: () => Disposable;
  #waiting = 0;
  #since = 0;
  #endedMs = 0;

  /** `hold` stops the time-out of the running step. */
  constructor(clock: Clock, hold: () => Disposable) {
    this.#clock = clock;
    this.#hold = hold;
  }

  get totalMs(): number {
    return this.#endedMs + (this.#waiting > 0 ? this.#clock.monotonic() - this.#since : 0);
  }

  /** The client with the wait for its agent's answers held. */
  wrap(client: ModelClient): ModelClient {
    const { ask } = client;
    return { ...client, ask: ask && this.#wrapAsk(ask) };
  }

  #wrapAsk(ask: AskClient): AskClient {
    return async (request, signal) => {
      const held = this.#hold();
      if (this.#waiting++ === 0) {
        this.#since = this.#clock.monotonic();
      }
      try {
        return await ask(request, signal);
      } finally {
        held.dispose();
        if (--this.#waiting === 0) {
          this.#endedMs += this.#clock.monotonic() - this.#since;
        }
      }
    };
  }
}
