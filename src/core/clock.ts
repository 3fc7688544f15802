// Port: time, so that tests can advance it.

import type { Disposable } from '../base/disposable';

export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; does not hold the process open. */
  after(delayMs: number, run: () => void): Disposable;
}
