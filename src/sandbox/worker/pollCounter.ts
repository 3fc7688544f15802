// How often the engine asks whether to stop: it counts down calls and turns of loops, 10,000 at a time, however
// long each takes. Here the count follows the time between two questions.

interface Engine {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Where the context lies in it. */
  readonly context: number;
}

/** JS_INTERRUPT_COUNTER_INIT of quickjs.c, which the count is set to before each question. */
const engineCount = 10_000;
const contextWords = 128;
/** More cost nothing that can be measured. Source: measured, a question takes 0.3 µs. */
const maxCount = 200;
const longMs = 20;
const shortMs = 2;

export class PollCounter {
  readonly #engine: Engine;
  /** Of the count, in the context's words; undefined until the first question, null when it is not found. */
  #word: number | null | undefined;
  #count = maxCount;
  #askedAt = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Whether the count is where it can be set. */
  get isFound(): boolean {
    return typeof this.#word === 'number';
  }

  /** The next question comes at once: what code does next may take long each time. */
  begin(): void {
    this.#count = 1;
    this.#askedAt = performance.now();
    if (typeof this.#word === 'number') {
      this.#words()[this.#word] = 1;
    }
  }

  /** To be called by the interrupt handler alone. */
  onPoll(): void {
    const words = this.#words();
    this.#word ??= this.#findWord(words);
    if (this.#word === null) {
      return;
    }
    const now = performance.now();
    const elapsedMs = now - this.#askedAt;
    this.#askedAt = now;
    if (elapsedMs > longMs) {
      this.#count = Math.max(Math.floor((this.#count * longMs) / elapsedMs), 1);
    } else if (elapsedMs < shortMs) {
      this.#count = Math.min(this.#count * 2, maxCount);
    }
    words[this.#word] = this.#count;
  }

  #words(): Int32Array {
    return new Int32Array(this.#engine.memory.buffer, this.#engine.context, contextWords);
  }

  #findWord(words: Int32Array): number | null {
    const found = [...words.keys()].filter((at) => words[at] === engineCount);
    return found.length === 1 ? (found[0] ?? null) : null;
  }
}
