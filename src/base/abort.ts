// Cancellation helpers that always give back their listeners.

import { type Disposable, toDisposable } from './disposable';
import type { Listen } from './emitter';

interface Waiting {
  readonly listener: () => void;
  /** In the order they came. */
  readonly runs: Set<() => void>;
}

/** What waits for each signal: all of it shares one listener, as Node warns of a leak beyond ten. */
const waitingFor = new WeakMap<AbortSignal, Waiting>();

/** Calls `run` once when `signal` aborts (at once if it has); dispose to forget it. `run` must not throw. */
export function onAbort(signal: AbortSignal, run: () => void): Disposable {
  if (signal.aborted) {
    run();
    return { dispose() {} };
  }
  const { listener, runs } = waitingFor.get(signal) ?? listen(signal);
  const once = (): void => run(); // the same function may wait twice
  runs.add(once);
  return toDisposable(() => {
    if (runs.delete(once) && runs.size === 0) {
      waitingFor.delete(signal);
      signal.removeEventListener('abort', listener);
    }
  });
}

function listen(signal: AbortSignal): Waiting {
  const runs = new Set<() => void>();
  const listener = (): void => {
    waitingFor.delete(signal);
    for (const run of runs) {
      runs.delete(run);
      run();
    }
  };
  const waiting = { listener, runs };
  waitingFor.set(signal, waiting);
  signal.addEventListener('abort', listener, { once: true });
  return waiting;
}

/** A signal that never aborts, for calls that cannot be cancelled. */
export const neverAborted: AbortSignal = new AbortController().signal;

/** Settles like `promise`, or rejects with `reason()` as soon as `signal` aborts. */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  reason: () => Error,
): Promise<T> {
  let registration: Disposable | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => {
        registration = onAbort(signal, () => reject(reason()));
      }),
    ]);
  } finally {
    registration?.dispose();
  }
}

/** Settles when the event fires or the signal aborts, which is heard of after what else the abort ends. */
export function untilFired(event: Listen<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      fired.dispose();
      aborted.dispose();
      resolve();
    };
    const fired = event(done);
    const aborted = onAbort(signal, () => queueMicrotask(done));
  });
}
