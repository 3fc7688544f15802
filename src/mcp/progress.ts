// Progress notifications of one running request; silent when the client did not ask for them.

import { type Disposable, toDisposable } from '../base/disposable';

interface ProgressUpdate {
  /** Grows with every update. */
  readonly progress: number;
  readonly message: string;
}

export interface Stages extends Disposable {
  readonly onStage: (stage: string) => void;
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
  #last = 0;

  constructor(send: ((update: ProgressUpdate) => void) | null, options: ProgressOptions) {
    this.#send = send;
    this.#options = options;
  }

  /** Drops updates that come too fast. */
  report(progress: number, toMessage: (progress: number) => string): void {
    const now = performance.now();
    if (this.#send && now - this.#lastSentAt >= this.#options.throttleMs) {
      this.#lastSentAt = now;
      this.#tell(progress, toMessage(progress));
    }
  }

  /** Tells each stage of a slow start at once, and then how long it has lasted, until disposed. */
  startStages(): Stages {
    let heartbeat: Disposable | null = null;
    return {
      onStage: (stage) => {
        heartbeat?.dispose();
        this.#tell(this.#last + 1, stage);
        heartbeat = this.startHeartbeat((ms) => `${stage}, ${Math.floor(ms / 1_000)} s`);
      },
      dispose: () => heartbeat?.dispose(),
    };
  }

  /** Tells the elapsed time at intervals until disposed. */
  startHeartbeat(toMessage: (elapsedMs: number) => string): Disposable {
    if (!this.#send) {
      return { dispose() {} };
    }
    const startedAt = performance.now();
    const timer = setInterval(() => {
      const elapsedMs = Math.round(performance.now() - startedAt);
      this.#tell(elapsedMs, toMessage(elapsedMs));
    }, this.#options.heartbeatMs);
    timer.unref();
    return toDisposable(() => clearInterval(timer));
  }

  /** It grows with every update, whatever is counted in turn. Source: MCP 2025-11-25, progress. */
  #tell(progress: number, message: string): void {
    this.#last = progress > this.#last ? progress : this.#last + 1;
    this.#send?.({ progress: this.#last, message });
  }
}
