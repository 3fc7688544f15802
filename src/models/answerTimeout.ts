// How long one attempt may take: in all, and without a sign of life.

import { onAbort } from '../base/abort';
import type { Disposable } from '../base/disposable';
import type { Clock } from '../core/clock';

export interface Patience {
  readonly totalMs: number;
  readonly silenceMs: number;
}

/** Made once: the reason that a signal makes by itself is an error with a stack, for every answer. */
const over = new Error('The attempt is over.');

/** A signal of its own, which aborts with the caller's and when patience ends. */
export class AnswerTimeout implements Disposable {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #held: Disposable[];
  #silence: Disposable;
  #expired: string | null = null;

  constructor(clock: Clock, patience: Patience, signal: AbortSignal) {
    this.#clock = clock;
    this.#patience = patience;
    this.#held = [
      onAbort(signal, () => this.#controller.abort()),
      clock.after(patience.totalMs, () => this.#expire('no whole answer in', patience.totalMs)),
    ];
    this.#silence = this.#watchSilence();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What was waited for in vain; null while there is time. */
  get expired(): string | null {
    return this.#expired;
  }

  /** The server has said something. */
  touch(): void {
    this.#silence.dispose();
    this.#silence = this.#watchSilence();
  }

  /** Ends what is still open on the signal, too. */
  dispose(): void {
    this.#silence.dispose();
    this.#held.forEach((one) => one.dispose());
    this.#controller.abort(over);
  }

  #watchSilence(): Disposable {
    const { silenceMs } = this.#patience;
    return this.#clock.after(silenceMs, () => this.#expire('nothing came for', silenceMs));
  }

  #expire(what: string, ms: number): void {
    this.#expired ??= `${what} ${Math.round(ms / 1_000)} s`;
    this.#controller.abort();
  }
}
