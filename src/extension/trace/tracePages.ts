// Reads a trace page by page for a viewer that is always asking for what comes next.

import { cancelledError, RlmError } from '../../core/errors';
import { onAbort } from '../../base/abort';
import type { Listen } from '../../base/emitter';
import type { TraceEvent } from '../../core/event';
import type { TraceStore } from '../../core/traceStore';
import type { ViewerPage } from '../../protocol/viewer';

/**
 * How far a reader has come: steps never decrease along a trace and events are only appended, so a
 * step and the number of its events say it.
 */
interface Place {
  readonly step: number;
  readonly seen: number;
}

const beginning: Place = { step: 0, seen: 0 };
const pageEvents = 500;

/**
 * The events after `cursor` (null: from the beginning), in order, none twice.
 * @throws RlmError 'SESSION_NOT_FOUND' | 'INVALID_INPUT' (cursor)
 */
export async function readPageAfter(
  store: TraceStore,
  sessionId: string,
  cursor: string | null,
): Promise<ViewerPage> {
  const place = parseCursor(cursor);
  const query = { fromStep: place.step, toStep: null, limit: pageEvents };
  let skip = place.seen;
  for (let next: string | null = null; ;) {
    const page = await store.readEvents(sessionId, { ...query, cursor: next });
    const events = page.events.slice(skip);
    skip -= page.events.length - events.length;
    next = page.nextCursor;
    if (events.length > 0 || next === null) {
      return { events, cursor: toCursor(advance(place, events)), complete: next === null };
    }
  }
}

/** Settles when the trace of this session changes; begin before reading, so that nothing is missed. */
export function awaitChange(
  onDidChange: Listen<string>,
  sessionId: string,
  signal: AbortSignal,
): { readonly changed: Promise<void>; dispose(): void } {
  let dispose = (): void => undefined;
  const changed = new Promise<void>((resolve, reject) => {
    const listening = onDidChange((id) => id === sessionId && resolve());
    const aborting = onAbort(signal, () => reject(cancelledError('Waiting for events')));
    dispose = () => {
      listening.dispose();
      aborting.dispose();
    };
  });
  changed.catch(() => undefined); // nobody may be waiting yet
  return { changed, dispose: () => dispose() };
}

function advance(place: Place, events: readonly TraceEvent[]): Place {
  const step = events.at(-1)?.step ?? place.step;
  const seen = events.filter((event) => event.step === step).length;
  return { step, seen: step === place.step ? place.seen + seen : seen };
}

function toCursor({ step, seen }: Place): string {
  return `${step}.${seen}`;
}

function parseCursor(cursor: string | null): Place {
  if (cursor === null) {
    return beginning;
  }
  const [, step, seen] = /^(\d{1,9})\.(\d{1,9})$/u.exec(cursor) ?? [];
  if (step === undefined || seen === undefined) {
    throw new RlmError('INVALID_INPUT', 'The cursor is not one of this trace.', {
      nextStep: 'Close the viewer and open the trace again.',
    });
  }
  return { step: Number(step), seen: Number(seen) };
}
