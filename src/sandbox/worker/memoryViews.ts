// A guest's memory as words, half words and bytes. The memory moves when it grows: whoever reads asks for the
// views of now first, and keeps none of them across a call into the guest.

export class MemoryViews {
  readonly #read: () => ArrayBuffer;
  words = new Int32Array();
  halves = new Uint16Array();
  bytes = new Uint8Array();

  /** `read` gives the memory as it is now. */
  constructor(read: () => ArrayBuffer) {
    this.#read = read;
  }

  refresh(): void {
    const buffer = this.#read();
    if (this.words.buffer !== buffer) {
      this.words = new Int32Array(buffer);
      this.halves = new Uint16Array(buffer);
      this.bytes = new Uint8Array(buffer);
    }
  }

  /** 0 beyond its end. */
  word(at: number): number {
    return this.words[at] ?? 0;
  }

  /** The word that a pointer there points to. */
  target(at: number): number {
    return (this.words[at] ?? 0) >>> 2;
  }
}
