// The calls that the code of one step has made of the host: they end with their step, all of them before its
// end is recorded.

import { throwIfAborted } from './errors';

export class OpenCalls {
  readonly #controller = new AbortController();
  /** With the number of the first sub-model call that each may take. */
  readonly #open = new Map<Promise<unknown>, number>();
  /** The number of the first that had ended for its signal when it was aborted: nobody took its reply. */
  #cut: number | null = null;

  /** Runs a call with a signal that also aborts when the step ends. @throws RlmError 'CANCELLED' */
  async run<T>(
    number: number,
    signal: AbortSignal,
    call: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(this.#controller.signal, 'The call');
    const running = call(AbortSignal.any([signal, this.#controller.signal]));
    this.#open.set(running, number);
    try {
      return await running;
    } finally {
      if (signal.aborted) {
        this.#cut ??= number;
      }
      this.#open.delete(running);
    }
  }

  /**
   * Cancels what is open and waits for it; no call starts afterwards. Gives the number of the first whose reply
   * nobody takes any more, be it open or ended by its own signal; null: there is none.
   */
  async settle(): Promise<number | null> {
    const [open = null] = this.#open.values();
    const first = this.#cut ?? open;
    this.#controller.abort();
    await Promise.allSettled(this.#open.keys());
    return first;
  }
}
