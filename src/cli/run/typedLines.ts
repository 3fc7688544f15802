// Lines a person has typed and the REPL has not taken yet; an interrupt drops them.

export class TypedLines {
  #waiting: string[] = [];
  #hasEnded = false;
  #wake: () => void = () => undefined;

  add(line: string): void {
    this.#waiting.push(line);
    this.#wake();
  }

  /** Nothing more will come. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  clear(): void {
    this.#waiting = [];
  }

  /** Null after the last. */
  async next(): Promise<string | null> {
    while (this.#waiting.length === 0 && !this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#waiting.shift() ?? null;
  }
}
