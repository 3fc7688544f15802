// A page of a variable as it is now; while a step waits for its caller's answers, as it was before that step.

import { RlmError } from '../core/errors';
import { noVariableYetError } from '../core/sessionErrors';
import { openForReading, openRecorded, type Readable, type ReplayView } from './replayView';
import { runQueued, waitsInStep } from './taskCall';
import type { ToolContext } from './tool';
import { type VariablePage, type VariableRequest, readVariablePage } from './variablePage';

type Reading = Pick<ToolContext, 'engine' | 'signal' | 'progress'>;

interface CurrentPage {
  readonly page: VariablePage;
  readonly replay: ReplayView | null;
  /** The step that waits; null: none does. */
  readonly beforeStep: number | null;
}

export async function readCurrentPage(
  reading: Reading,
  sessionId: string,
  request: VariableRequest,
): Promise<CurrentPage> {
  const { engine, signal } = reading;
  const read = async (
    open: (opening: Reading, sessionId: string) => Promise<Readable>,
    readSignal: AbortSignal,
  ) => {
    const { session, replay } = await open({ ...reading, signal: readSignal }, sessionId);
    return { page: await readVariablePage(session, request, readSignal), replay };
  };
  if (waitsInStep(engine, sessionId)) {
    const { usage } = await engine.sessions.readSummary(sessionId);
    const beforeStep = usage.steps + 1;
    try {
      return { ...(await read(openRecorded, signal)), beforeStep };
    } catch (error) {
      const isMissing = error instanceof RlmError && error.code === 'VAR_NOT_FOUND';
      throw isMissing ? noVariableYetError(request.name, beforeStep) : error;
    }
  }
  const queued = await runQueued(reading, sessionId, (readSignal) =>
    read(openForReading, readSignal),
  );
  return { ...queued, beforeStep: null };
}
