// Cancellation helpers that always give back their listeners.

import { type Disposable, toDisposable } from './disposable';

/** Calls `run` once when `signal` aborts (at once if it has); dispose to forget it. */
export function onAbort(signal: AbortSignal, run: () => void): Disposable {
  if (signal.aborted) {
    run();
    return { dispose() {} };
  }
  signal.addEventListener('abort', run, { once: true });
  return toDisposable(() => signal.removeEventListener('abort', run));
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
