// Progress notifications of one running request; silent when the client did not ask for them.

import { type Disposable, toDisposable } from '../base/disposable';

interface ProgressUpdate {
  /** Grows with every update. */
  readonly progress: number;
  readonly message: string;
}

export interface ProgressOptions {
  readonly heartbeatMs: number;
  readonly throttleMs: number;
}

export const defaultProgressOptions: ProgressOptions = { heartbeatMs: 1_000, throttleMs: 100 };

export class Progress {
  readonly #send: ((update: ProgressUpdate) => void) | null;
  readonly #options: ProgressOptions;
  #lastSentAt = Number.NEGATIVE_INFINITY;

  constructor(send: ((update: ProgressUpdate) => void) | null, options: ProgressOptions) {
    this.#send = send;
    this.#options = options;
  }

  /** Drops updates that come too fast. */
  report(progress: number, toMessage: (progress: number) => string): void {
    const now = performance.now();
    if (this.#send && now - this.#lastSentAt >= this.#options.throttleMs) {
      this.#lastSentAt = now;
      this.#send({ progress, message: toMessage(progress) });
    }
  }

  /** Tells the elapsed time at intervals until disposed. */
  startHeartbeat(toMessage: (elapsedMs: number) => string): Disposable {
    const send = this.#send;
    if (!send) {
      return { dispose() {} };
    }
    const startedAt = performance.now();
    const timer = setInterval(() => {
      const elapsedMs = Math.round(performance.now() - startedAt);
      send({ progress: elapsedMs, message: toMessage(elapsedMs) });
    }, this.#options.heartbeatMs);
    timer.unref();
    return toDisposable(() => clearInterval(timer));
  }
}
