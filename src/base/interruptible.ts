// Work that can be interrupted from outside: all that runs hears of it, and what comes later does not.

export class Interruptible {
  readonly #running = new Set<AbortController>();

  /** Runs with a signal that `interrupt` aborts too. */
  async run<T>(signal: AbortSignal, work: (combined: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#running.add(controller);
    try {
      return await work(AbortSignal.any([signal, controller.signal]));
    } finally {
      this.#running.delete(controller);
    }
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  interrupt(): void {
    for (const controller of this.#running) {
      controller.abort();
    }
  }
}
