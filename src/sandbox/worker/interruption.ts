// The shared byte by which the host asks running code to stop, and whether some code has seen it.

import type { WorkerInit, interruptByte } from '../../protocol/worker';

/** A copy of `interruptByte`, checked by its type: its module would bring zod into workers. */
const requested: typeof interruptByte = 2;

export class Interruption {
  readonly #byte: WorkerInit<unknown>['interrupt'];
  #happened = false;

  constructor(byte: WorkerInit<unknown>['interrupt']) {
    this.#byte = byte;
  }

  get happened(): boolean {
    return this.#happened;
  }

  /** Once seen, it holds until `reset`, even when the host takes it back. */
  check(): boolean {
    this.#happened ||= Atomics.load(this.#byte, 0) === requested;
    return this.#happened;
  }

  request(): void {
    Atomics.store(this.#byte, 0, requested);
  }

  /** Answers the request, so that what follows is not interrupted by it. */
  clear(): void {
    Atomics.store(this.#byte, 0, 0);
  }

  reset(): void {
    this.#happened = false;
  }
}
