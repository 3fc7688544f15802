// Work that several callers ask for at once is done once, and cancelled when the last of them has gone.

import { onAbort } from './abort';

interface Running<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export class SharedTasks<T> {
  readonly #running = new Map<string, Running<T>>();

  /**
   * Joins the work of this key, or starts it. A caller whose `signal` aborts is told `gone()`; the last
   * one aborts the work, and is told what came of it. Work that is being cancelled is not joined: it
   * ends before the next begins.
   */
  async join(
    key: string,
    {
      signal,
      start,
      gone,
    }: {
      readonly signal: AbortSignal;
      readonly start: (signal: AbortSignal) => Promise<T>;
      readonly gone: () => Error;
    },
  ): Promise<T> {
    for (let found = this.#running.get(key); found; found = this.#running.get(key)) {
      if (!found.controller.signal.aborted) {
        return this.#wait(found, signal, gone);
      }
      await found.result.catch(() => undefined);
    }
    const controller = new AbortController();
    const result = start(controller.signal).finally(() => this.#running.delete(key));
    const running = { result, controller, waiting: 0 };
    this.#running.set(key, running);
    return this.#wait(running, signal, gone);
  }

  /** As `join` where work of this key goes on that is not being cancelled; else null. */
  joinRunning(key: string, signal: AbortSignal, gone: () => Error): Promise<T> | null {
    const found = this.#running.get(key);
    return found && !found.controller.signal.aborted ? this.#wait(found, signal, gone) : null;
  }

  /** When the work of this key has ended, whatever came of it; at once where there is none. */
  async whenEnded(key: string): Promise<void> {
    await this.#running.get(key)?.result.catch(() => undefined);
  }

  /** Also while it is being cancelled. */
  has(key: string): boolean {
    return this.#running.has(key);
  }

  async #wait(running: Running<T>, signal: AbortSignal, gone: () => Error): Promise<T> {
    running.waiting += 1;
    return new Promise<T>((resolve, reject) => {
      const leave = onAbort(signal, () => {
        running.waiting -= 1;
        if (running.waiting === 0) {
          running.controller.abort();
        } else {
          reject(gone());
        }
      });
      void running.result.then(resolve, reject).finally(() => leave.dispose());
    });
  }
}
