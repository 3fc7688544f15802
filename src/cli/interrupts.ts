// Ctrl+C and its kin: the first one asks what runs to end, the second ends the program at once.

import { type Disposable, toDisposable } from '../base/disposable';

export class Interrupts {
  readonly #exit: () => void;
  #listener: (() => void) | null = null;
  #isAsked = false;

  /** `exit` ends the program on the spot. */
  constructor(exit: () => void) {
    this.#exit = exit;
  }

  /** Calls `listener` for the first interrupt. One listener at a time; disposing restores the default. */
  listen(listener: () => void): Disposable {
    this.#listener = listener;
    this.#isAsked = false;
    return toDisposable(() => {
      this.#listener = null;
    });
  }

  /** A signal that aborts at the first interrupt, for as long as `run` takes. */
  async during<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const listening = this.listen(() => controller.abort());
    try {
      return await run(controller.signal);
    } finally {
      listening.dispose();
    }
  }

  /** Asks what runs to end, as the first interrupt does; the program itself goes on to its end. */
  cancel(): void {
    if (this.#listener && !this.#isAsked) {
      this.#isAsked = true;
      this.#listener();
    }
  }

  interrupt(): void {
    if (this.#listener && !this.#isAsked) {
      this.#isAsked = true;
      this.#listener();
    } else {
      this.#exit();
    }
  }
}
