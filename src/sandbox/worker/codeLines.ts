// The lines of a step's code: they end with \n, \r\n or \r, as editors show them and as texts of a context
// are numbered. U+2028 and U+2029 end lines for the language's grammar only.

export class CodeLines {
  readonly #starts: readonly number[];

  constructor(code: string) {
    const ends = [...code.matchAll(/\r\n|[\n\r]/g)];
    this.#starts = [0, ...ends.map((end) => end.index + end[0].length)];
  }

  /** 1-based. */
  lineOf(position: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) <= position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
