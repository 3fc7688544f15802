// How much memory a guest may use: its own values, the contexts on top of them, and a reserve that
// lets the runner work, and the next step let go, after the code has used up all it had.

import type { QuickJs } from './quickJs';
import { maxHeapBytes } from './wasmMemory';

export const mebibyte = 2 ** 20;
/** What the engine and the runner take themselves. */
const runnerBytes = 16 * mebibyte;
/** The engine's glue grows the memory by at least this part of it, or not at all. */
const growth = 0.05;
/** The reserve is some such growths. */
const reserve = 0.15;
/** What a step needs to let go of some. */
const leastRoomBytes = 2 ** 18;

export class GuestMemory {
  readonly #engine: QuickJs;
  readonly #contextBytes = new Map<string, number>();
  #maxBytes: number;

  constructor(engine: QuickJs, maxBytes: number) {
    this.#engine = engine;
    this.#maxBytes = maxBytes;
    this.openReserve();
  }

  /** What the code's own values may take. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  /** A context takes what it needs, up to what the engine can address. */
  openForLoad(): void {
    this.#engine.limitHeap(maxHeapBytes);
  }

  addContext(variable: string, bytes: number, maxBytes: number): void {
    this.#contextBytes.set(variable, bytes);
    this.#maxBytes = maxBytes;
  }

  /** For the code: its limit, or one growth of the reserve where that is used up. */
  openForStep(): void {
    const heapBytes = this.#heapBytes();
    this.#engine.limitHeap(heapBytes);
    if (!this.#hasRoom()) {
      this.openReserve();
      this.#hasRoom(); // takes the growth
    }
    this.#engine.limitHeap(heapBytes); // what is refused from here on, the code has asked for
  }

  /** For the runner: one growth beyond what there is, while the reserve lasts. */
  openReserve(): void {
    const heapBytes = this.#heapBytes();
    const grownBytes = this.#engine.heapBytes * (1 + growth) + 2 * mebibyte;
    const allBytes = heapBytes * (1 + reserve) + runnerBytes;
    this.#engine.limitHeap(Math.min(allBytes, Math.max(heapBytes, grownBytes)));
  }

  /** Whether the code was refused memory since it began. */
  get wasRefused(): boolean {
    return this.#engine.wasRefusedMemory;
  }

  /** Whether there is room for the least that a step needs. */
  #hasRoom(): boolean {
    return this.#engine.hasRoom(leastRoomBytes);
  }

  #heapBytes(): number {
    const contextBytes = [...this.#contextBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    return (runnerBytes + contextBytes + this.#maxBytes) * (1 + growth);
  }
}
