// Runs what comes at once and in order, and keeps what comes behind something that takes time.

export class Gate {
  readonly #waiting: (() => void)[] = [];
  #isHeld = false;

  run(task: () => void): void {
    if (this.#isHeld) {
      this.#waiting.push(task);
    } else {
      task();
    }
  }

  /** Call it inside a task: what comes later waits until `work` has settled and `then` has run. */
  hold<T>(work: Promise<T>, then: (result: T | null) => void): void {
    this.#isHeld = true;
    const release = (result: T | null): void => {
      this.#isHeld = false;
      then(result);
      this.#drain();
    };
    work.then(release, () => release(null));
  }

  #drain(): void {
    while (!this.#isHeld) {
      const next = this.#waiting.shift();
      if (!next) {
        return;
      }
      next();
    }
  }
}
