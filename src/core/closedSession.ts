// Ends a session that no engine holds with a given text. That needs none of its variables, so nothing is run again.

import type { Clock } from './clock';
import type { TraceEvent } from './event';
import { FinalAnswer } from './finalAnswer';
import { readHistory } from './history';
import { Recorder } from './recorder';
import { type RequestScope, noRequests } from './requestScope';
import type { Summary } from './summary';
import type { TraceStore } from './traceStore';

interface ClosedSessionParts {
  readonly traces: TraceStore;
  readonly clock: Clock;
  readonly requests?: RequestScope;
  readonly readSummary: (sessionId: string) => Promise<Summary>;
  readonly onAppend: (event: TraceEvent) => void;
}

/**
 * Takes the session's lease, records the answer, and lets it go.
 * @throws RlmError 'SESSION_NOT_FOUND', 'SESSION_FINALIZED' for a different answer, 'INVALID_INPUT' also while
 * another engine holds the session.
 */
export async function finalizeClosed(
  sessionId: string,
  text: string,
  { traces, clock, requests = noRequests, readSummary, onAppend }: ClosedSessionParts,
): Promise<Summary> {
  const sink = await traces.reopenTrace(sessionId);
  try {
    const summary = await readSummary(sessionId);
    const { lastStep: step } = await readHistory(traces, sessionId, null);
    const recorder = new Recorder(
      { summary, step },
      { sink, clock, requests, readShared: () => summary.shared },
    );
    recorder.onDidAppend(onAppend);
    const given = await new FinalAnswer(recorder, null).give(
      { text },
      new AbortController().signal,
    );
    await recorder.append({ kind: 'session.closed', reason: 'it has its answer' });
    recorder.dispose();
    return given;
  } finally {
    await sink.close();
  }
}
