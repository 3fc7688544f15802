// The answer that a session's code has handed in, while nobody has committed it.

import type { StepFinished } from './event';
import type { Outcome } from './sandbox';
import type { Summary } from './summary';
import type { TraceStore } from './traceStore';

export interface OfferedAnswer {
  readonly step: number;
  readonly text: string;
}

/** Steps that are looked at, from the last one back. */
const lookedSteps = 50;
const pageEvents = 500;

/** Of the last step that handed one in and ran to its end; null where none did, or the session has its answer. */
export async function findOfferedAnswer(
  traces: Pick<TraceStore, 'readEvents'>,
  { sessionId, status, usage }: Summary,
): Promise<OfferedAnswer | null> {
  if (status === 'finalized') {
    return null;
  }
  const fromStep = Math.max(1, usage.steps - lookedSteps + 1);
  let offered: OfferedAnswer | null = null;
  let cursor: string | null = null;
  do {
    const query = { fromStep, toStep: null, cursor, limit: pageEvents };
    const page = await traces.readEvents(sessionId, query);
    for (const event of page.events) {
      offered = (event.kind === 'step.finished' && toOffered(event)) || offered;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return offered;
}

function toOffered({ step, outcome }: StepFinished): OfferedAnswer | null {
  const text = toHandedIn(outcome);
  return text === null ? null : { step, text };
}

/** What a step's code handed in as the answer: only code that ran to its end hands anything in. */
export function toHandedIn({ finalAnswer, error, interruption }: Outcome): string | null {
  return error === null && interruption === null ? finalAnswer : null;
}
