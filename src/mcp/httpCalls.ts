// The calls that are open on a server, so that it can end when they are answered.

export class OpenCalls {
  readonly #open = new Set<object>();
  readonly #waiting = new Set<() => void>();

  get count(): number {
    return this.#open.size;
  }

  /** Gives what tells that the call is answered, or its client gone; once or more. */
  begin(): () => void {
    const call = {};
    this.#open.add(call);
    return () => {
      this.#open.delete(call);
      if (this.#open.size === 0) {
        this.#waiting.forEach((settle) => settle());
      }
    };
  }

  /** Settles when none is open, or after `ms`. */
  async untilNone(ms: number): Promise<void> {
    if (this.#open.size === 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, ms);
      this.#waiting.add(settle);
    });
  }
}
