// Pages of a trace's entries that fit into one reply, with the store's cursor behind the last one.

import type { Engine } from '../core/engine';
import type { StepFinished, StepStarted } from '../core/event';
import type { UnreadableLines } from '../core/unreadableLines';
import { countJsonChars } from './fit';
import { type HeldEvent, type TraceEntry, endHeld, foldEvent } from './traceEntries';
import { type TraceDetail, type TraceEntryView, toTraceEntryView } from './traceView';

/** So many events are read and written out at once: few enough that other clients are answered in between. */
const batchEvents = 16;
/** The start of a step is among the first events that bear its number. */
const lookBackEvents = 50;
/** Room for the names around the entries. */
const reservedChars = 1_000;

export interface TracePageQuery {
  readonly sessionId: string;
  readonly fromStep: number | null;
  readonly toStep: number | null;
  readonly cursor: string | null;
  readonly limit: number;
  /** Of the entries as JSON; one alone must fit. */
  readonly maxChars: number;
  readonly detail: TraceDetail;
}

export interface TracePage {
  readonly entries: readonly TraceEntryView[];
  readonly nextCursor: string | null;
  readonly unreadable: readonly UnreadableLines[];
}

/** An entry, and how many events of its batch it takes to come to it. */
interface Reached {
  readonly entry: TraceEntry;
  readonly events: number;
}

/** @throws RlmError 'SESSION_NOT_FOUND' | 'INVALID_INPUT' (cursor) */
export async function readTracePage(engine: Engine, query: TracePageQuery): Promise<TracePage> {
  const { sessionId, limit, maxChars, detail } = query;
  const { limits } = await engine.sessions.readSummary(sessionId);
  const entries: TraceEntryView[] = [];
  const unreadable: UnreadableLines[] = [];
  let left = maxChars - reservedChars;
  let cursor = query.cursor;
  let held: HeldEvent = null;
  for (;;) {
    const batch = await readBatch(engine, query, { limit: batchEvents, cursor, held });
    let events = 0;
    for (const reached of batch.reached) {
      const entry = await withStart(engine, sessionId, reached.entry);
      const isRunning = reached === batch.last && (await runsNow(engine, sessionId, entry));
      const view = toTraceEntryView(entry, { sessionId, limits, isRunning, detail });
      left -= countJsonChars(view) + 1;
      if (entries.length === limit || (entries.length > 0 && left < 0)) {
        const upTo = await readBatch(engine, query, { limit: events, cursor, held });
        const all = [...unreadable, ...upTo.unreadable];
        if (upTo.cursor === null) {
          // Only the step that runs is left, and no cursor leads to it.
          const brief = { sessionId, limits, isRunning, detail: { kind: 'summary' } } as const;
          entries.push(toTraceEntryView(entry, brief));
        }
        return { entries, nextCursor: upTo.cursor, unreadable: all };
      }
      entries.push(view);
      events = reached.events;
    }
    unreadable.push(...batch.unreadable);
    ({ cursor, held } = batch);
    if (cursor === null) {
      return { entries, nextCursor: null, unreadable };
    }
  }
}

interface Batch {
  readonly reached: readonly Reached[];
  /** Of these, what waited for its end where the trace ends; null: nothing did. */
  readonly last: Reached | null;
  readonly held: HeldEvent;
  readonly cursor: string | null;
  readonly unreadable: readonly UnreadableLines[];
}

async function readBatch(
  engine: Engine,
  query: TracePageQuery,
  at: { readonly limit: number; readonly cursor: string | null; readonly held: HeldEvent },
): Promise<Batch> {
  const { sessionId, fromStep, toStep } = query;
  const { limit, cursor } = at;
  if (limit === 0) {
    return { reached: [], last: null, held: at.held, cursor, unreadable: [] };
  }
  const page = await engine.traces.readEvents(sessionId, { fromStep, toStep, cursor, limit });
  const reached: Reached[] = [];
  let { held } = at;
  for (const [index, event] of page.events.entries()) {
    const folded = foldEvent(held, event);
    held = folded.held;
    if (folded.ended) {
      reached.push({ entry: folded.ended, events: index });
    }
    if (folded.own) {
      reached.push({ entry: folded.own, events: index + 1 });
    }
  }
  const { nextCursor, unreadable, events } = page;
  const open = nextCursor === null ? endHeld(held ?? (await findOpenStep(engine, query))) : null;
  const last = open && { entry: open, events: events.length };
  return {
    reached: last ? [...reached, last] : reached,
    last,
    held,
    cursor: nextCursor,
    unreadable,
  };
}

/** The step that runs, where it began before the page did. */
async function findOpenStep(engine: Engine, query: TracePageQuery): Promise<StepStarted | null> {
  const { running, usage } = await engine.sessions.readSummary(query.sessionId);
  const step = usage.steps + 1;
  const isAsked = step >= (query.fromStep ?? 0) && step <= (query.toStep ?? step);
  return running && isAsked ? findStart(engine, query.sessionId, { step, at: Infinity }) : null;
}

/** A step without an end runs, or has ended since its trace was read. */
async function runsNow(engine: Engine, sessionId: string, entry: TraceEntry): Promise<boolean> {
  if (entry.kind !== 'step' || entry.finished || !entry.started) {
    return false;
  }
  const { running, usage } = await engine.sessions.readSummary(sessionId);
  return running || usage.steps >= entry.started.step;
}

/** A page may begin between the start of a step and its end. */
async function withStart(
  engine: Engine,
  sessionId: string,
  entry: TraceEntry,
): Promise<TraceEntry> {
  return entry.kind === 'step' && entry.finished && !entry.started
    ? { ...entry, started: await findStart(engine, sessionId, entry.finished) }
    : entry;
}

async function findStart(
  { traces }: Engine,
  sessionId: string,
  { step, at }: Pick<StepFinished, 'step' | 'at'>,
): Promise<StepStarted | null> {
  const query = { fromStep: step, toStep: step, cursor: null, limit: lookBackEvents };
  const { events } = await traces.readEvents(sessionId, query);
  const starts = events.filter((event) => event.kind === 'step.started');
  return starts.findLast((started) => started.at <= at) ?? null;
}
