// Reads a trace page by page for who follows it and is always asking for what comes next.

import { onAbort } from '../base/abort';
import type { Listen } from '../base/emitter';
import { cancelledError, RlmError } from './errors';
import type { TraceEvent } from './event';
import { type EventPage, type PageGap, pageEvents, type TraceStore } from './traceStore';
import type { UnreadableLines } from './unreadableLines';

export interface FollowedPage {
  /** In the order of the trace, without gaps or repeats from page to page. */
  readonly events: readonly TraceEvent[];
  /** What among and behind them could not be read; none is told of twice. */
  readonly unreadable: readonly UnreadableLines[];
  /** Where the next page begins; opaque. */
  readonly cursor: string;
  /** Whether these were all events there are at present. */
  readonly complete: boolean;
}

/**
 * How far a reader has come: past the first `seen` events of those from a step on, or of those from a
 * place inside them on. Steps never decrease along a trace and events are only appended.
 */
interface Place {
  readonly fromStep: number;
  readonly seen: number;
  /** Lines behind the last of those events that could not be read, and were told of. */
  readonly told: number;
  /** The store's cursor in the events of `fromStep` on; null: at their beginning. */
  readonly inside: string | null;
}

const beginning: Place = { fromStep: 0, seen: 0, told: 0, inside: null };

/**
 * The events after `cursor` (null: from the beginning), in order, none twice.
 * @throws RlmError 'SESSION_NOT_FOUND' | 'INVALID_INPUT' (cursor)
 */
export async function readPageAfter(
  store: TraceStore,
  sessionId: string,
  cursor: string | null,
): Promise<FollowedPage> {
  for (let place = parseCursor(cursor); ;) {
    const { fromStep, seen, inside } = place;
    const query = { fromStep, toStep: null, cursor: inside, limit: pageEvents };
    const page = await store.readEvents(sessionId, query);
    const events = page.events.slice(seen);
    const unreadable = page.unreadable.flatMap((gap) => toNewGap(gap, place));
    const complete = page.nextCursor === null;
    place = advance(place, page);
    if (events.length > 0 || unreadable.length > 0 || complete) {
      return { events, unreadable, cursor: toCursor(place), complete };
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

/** Lines may be added behind those that were told of. */
function toNewGap(
  { index, lines, afterStep, beforeStep }: PageGap,
  { seen, told }: Place,
): readonly UnreadableLines[] {
  const left = index === seen ? lines - told : index > seen ? lines : 0;
  return left > 0 ? [{ lines: left, afterStep, beforeStep }] : [];
}

function advance(place: Place, { events, unreadable, nextCursor }: EventPage): Place {
  if (nextCursor !== null) {
    const seen = Math.max(0, place.seen - events.length);
    return { ...place, inside: nextCursor, seen, told: seen > 0 ? place.told : 0 };
  }
  const last = unreadable.at(-1);
  const told = last?.index === events.length ? last.lines : 0;
  return { ...advanceEvents(place, events), told };
}

function advanceEvents(place: Place, events: readonly TraceEvent[]): Omit<Place, 'told'> {
  const [first, last] = [events[0], events.at(-1)];
  // What comes next is nearest to the beginning of the last step, where that is known.
  if (first && last && (place.inside === null || first.step < last.step)) {
    const seen = events.filter(({ step }) => step === last.step).length;
    return { fromStep: last.step, seen, inside: null };
  }
  return { ...place, seen: Math.max(place.seen, events.length) };
}

function toCursor({ fromStep, seen, told, inside }: Place): string {
  return [fromStep, seen, told, ...(inside === null ? [] : [inside])].join('.');
}

function parseCursor(cursor: string | null): Place {
  if (cursor === null) {
    return beginning;
  }
  const [, step, seen, told, inside] =
    /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:\.(.+))?$/u.exec(cursor) ?? [];
  if (step === undefined || seen === undefined || told === undefined) {
    throw new RlmError('INVALID_INPUT', 'The cursor is not one of this trace.', {
      nextStep: 'Close the viewer and open the trace again.',
    });
  }
  return {
    fromStep: Number(step),
    seen: Number(seen),
    told: Number(told),
    inside: inside ?? null,
  };
}
