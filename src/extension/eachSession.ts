// Work on many sessions, of which one that cannot be worked on does not keep the others from it.

import { toRlmError, RlmError } from '../core/errors';
import type { Summary } from '../core/summary';
import { parallelReads } from '../core/traceStore';

interface RemovalParts {
  readonly remove: (sessionId: string) => Promise<void>;
  /** Told how many are done, with or without success. */
  readonly report: (done: number) => void;
  readonly signal: AbortSignal;
}

/**
 * One after the other; settles with how many were removed.
 * @throws RlmError with the first failure's code, when all were tried and some are still there.
 */
export async function removeSessions(
  sessionIds: readonly string[],
  { remove, report, signal }: RemovalParts,
): Promise<number> {
  const failures: { readonly sessionId: string; readonly thrown: unknown }[] = [];
  let done = 0;
  for (const sessionId of sessionIds) {
    if (signal.aborted) {
      break;
    }
    await remove(sessionId).catch((thrown: unknown) => failures.push({ sessionId, thrown }));
    done += 1;
    report(done);
  }
  const [first] = failures;
  if (first && done === 1) {
    throw first.thrown;
  }
  if (first) {
    const { code, message, nextStep } = toRlmError(first.thrown);
    const named = failures.slice(0, 3).map(({ sessionId }) => sessionId);
    const list = [...named, ...(failures.length > named.length ? ['…'] : [])].join(', ');
    throw new RlmError(
      code,
      `${failures.length} of ${done} sessions could not be deleted (${list}): ${message}`,
      { cause: first.thrown, nextStep },
    );
  }
  return done;
}

/** In the order of the ids, a few at a time; sessions that are gone are left out. */
export async function readSummaries(
  sessionIds: readonly string[],
  read: (sessionId: string) => Promise<Summary | undefined>,
  signal: AbortSignal,
): Promise<readonly Summary[]> {
  const summaries: Summary[] = [];
  for (let at = 0; at < sessionIds.length && !signal.aborted; at += parallelReads) {
    const batch = await Promise.all(sessionIds.slice(at, at + parallelReads).map(read));
    summaries.push(...batch.filter((summary) => summary !== undefined));
  }
  return summaries;
}
