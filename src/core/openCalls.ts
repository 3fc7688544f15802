// The calls that the code of one step has made of the host: they end with their step, all of them before its
// end is recorded.

import { cancelledError } from './errors';

export class OpenCalls {
  readonly #controller = new AbortController();
  readonly #open = new Set<Promise<unknown>>();

  /** Runs a call with a signal that also aborts when the step ends. @throws RlmError 'CANCELLED' */
  async run<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#controller.signal.aborted) {
      throw cancelledError('The call');
    }
    const running = call(AbortSignal.any([signal, this.#controller.signal]));
    this.#open.add(running);
    try {
      return await running;
    } finally {
      this.#open.delete(running);
    }
  }

  /** Cancels what is open and waits for it; no call starts afterwards. */
  async settle(): Promise<void> {
    this.#controller.abort();
    await Promise.allSettled(this.#open);
  }
}
