// The calls that the code of one step has made of the host: they end with their step, all of them before its
// end is recorded.

import { throwIfAborted } from './errors';

export class OpenCalls {
  readonly #controller = new AbortController();
  /** With the number of the first sub-model call that each may take. */
  readonly #open = new Map<Promise<unknown>, number>();

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
      this.#open.delete(running);
    }
  }

  /**
   * Cancels what is open and waits for it; no call starts afterwards. Gives the number of the first that was
   * open, whose reply nobody takes any more; null: none was.
   */
  async settle(): Promise<number | null> {
    const [first = null] = this.#open.values();
    this.#controller.abort();
    await Promise.allSettled(this.#open.keys());
    return first;
  }
}
