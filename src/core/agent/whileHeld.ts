// Does something with a run that no engine is at work on, and keeps every engine from beginning meanwhile.

import { RlmError } from '../errors';
import type { TraceSink, TraceStore } from '../traceStore';

/**
 * `act` is given the run's trace, or null where it has none: nobody goes on with such a run.
 * @throws RlmError 'INVALID_INPUT' while an engine holds it.
 */
export async function whileHeld<T>(
  traces: Pick<TraceStore, 'reopenTrace'>,
  sessionId: string,
  act: (sink: TraceSink | null) => Promise<T>,
): Promise<T> {
  const sink = await traces.reopenTrace(sessionId).catch((thrown: unknown) => {
    if (thrown instanceof RlmError && thrown.code === 'SESSION_NOT_FOUND') {
      return null;
    }
    throw thrown;
  });
  try {
    return await act(sink);
  } finally {
    await sink?.close().catch(() => undefined);
  }
}
