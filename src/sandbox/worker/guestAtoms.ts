// The names of properties in a guest's memory, by their atoms. A negative atom is a number.

import { atoms, string } from './guestLayout';
import type { MemoryViews } from './memoryViews';

export class GuestAtoms {
  readonly #memory: MemoryViews;
  readonly #runtime: number;

  /** `runtime` is the address of the engine's. */
  constructor(memory: MemoryViews, runtime: number) {
    this.#memory = memory;
    this.#runtime = runtime >>> 2;
  }

  /** The word at which its string begins. */
  stringOf(atom: number): number {
    const { words } = this.#memory;
    const list = (words[this.#runtime + atoms.list] ?? 0) >>> 2;
    return (words[list + atom] ?? 0) >>> 2;
  }

  /** Not a symbol. */
  isText(atom: number): boolean {
    const flags = this.#memory.words[this.stringOf(atom) + string.flags] ?? 0;
    return flags >>> atoms.kindShift === atoms.text;
  }
}
