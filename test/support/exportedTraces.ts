// Whole traces for export tests.

import type { TraceEvent } from '../../src/core/event';
import type { ExportedTrace } from '../../src/export/exportedTrace';
import {
  createSource,
  createContext,
  createContextLoaded,
  createFinalized,
  createModelAnswered,
  createOpened,
  createOutcome,
  createStepFinished,
  createStepStarted,
  foldEvents,
} from './sampleTrace';

/** An exported trace whose events are at hand. */
export interface WholeTrace extends ExportedTrace {
  readonly events: readonly TraceEvent[];
}

/** `events` begin with an opening. */
export function toExported(events: readonly TraceEvent[]): WholeTrace {
  const summary = foldEvents(events);
  if (!summary) {
    throw new Error('a trace begins with the opening of its session');
  }
  return { summary, events };
}

/** The whole document. */
export async function joinPieces(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) {
    text += piece;
  }
  return text;
}

/** A trace with `text` in every place where a text from outside can stand. */
export function createTraceOf(text: string): WholeTrace {
  return toExported([
    createOpened({ title: text, sessionId: text, parentSessionId: text, engineId: text }),
    createContextLoaded({
      context: createContext({
        variable: text,
        preview: text,
        sources: [createSource(text, 1, { encoding: text })],
        skipped: [{ path: text, reason: text }],
        skippedCount: 1,
      }),
    }),
    createStepStarted({ code: text }),
    createModelAnswered({ model: text, prompt: text, promptChars: text.length, answer: text }),
    createModelAnswered({ call: 1, answer: null, error: text }),
    createStepFinished({
      outcome: createOutcome({
        stdout: text,
        stderr: text,
        result: text,
        error: { type: text, message: text, line: null, traceback: text },
        changes: [
          { change: 'added', name: text, type: text, size: null, preview: text, hash: null },
        ],
        finalAnswer: text,
      }),
    }),
    createFinalized({ step: 1, answer: text, fromVariable: text }),
  ]);
}
