// Long work over many files, in slices: the thread is shared by all sessions.

import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from './cancel';

/** Work goes on for so long before others' work does. */
const sliceMs = 15;
/** So many are sorted, or merged, between two looks at the clock. */
const sortedAtOnce = 1_024;

export class TimeSlices {
  readonly #signal: AbortSignal;
  #since = performance.now();
  #turn: Promise<void> = Promise.resolve();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get isOver(): boolean {
    return performance.now() - this.#since > sliceMs;
  }

  /** Of several that wait at the same time one goes on at a time. @throws RlmError 'CANCELLED' */
  async next(): Promise<void> {
    this.#turn = this.#turn.then(() => setImmediate());
    await this.#turn;
    throwIfCancelled(this.#signal);
    this.#since = performance.now();
  }
}

/** A new list, sorted as `Array.sort` would. @throws RlmError 'CANCELLED' */
export async function sortInSlices<T>(
  items: readonly T[],
  compare: (left: T, right: T) => number,
  slices: TimeSlices,
): Promise<readonly T[]> {
  let runs: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += sortedAtOnce) {
    runs.push(items.slice(at, at + sortedAtOnce).sort(compare));
    if (slices.isOver) {
      await slices.next();
    }
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], { compare, slices }));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(
  left: readonly T[],
  right: readonly T[],
  { compare, slices }: { compare: (left: T, right: T) => number; slices: TimeSlices },
): Promise<readonly T[]> {
  const all: T[] = [];
  let [row, column] = [0, 0];
  while (row < left.length && column < right.length) {
    const [one, other] = [left[row] as T, right[column] as T]; // inside both
    if (compare(one, other) <= 0) {
      all.push(one);
      row += 1;
    } else {
      all.push(other);
      column += 1;
    }
    if (all.length % sortedAtOnce === 0 && slices.isOver) {
      await slices.next();
    }
  }
  return all.concat(left.slice(row), right.slice(column));
}
