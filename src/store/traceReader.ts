// Pages through a trace by byte offset, reading only the blocks a page needs. A damaged line costs
// that line.

import { RlmError } from '../core/errors';
import type { SessionOpened, TraceEvent } from '../core/event';
import type { EventPage, EventQuery, PageGap } from '../core/traceStore';
import { type Line, readLines, readLinesBackward } from './lineReader';
import { decodeEvent, maxLineBytes } from './traceCodec';
import type { TraceBytes } from './traceSegments';

/** A page of unusually long events ends early, so that what is made of it at once is bounded. */
const maxPageBytes = 2_000_000;
/** Below this, reading on is cheaper than another probe. */
const probeBytes = 65_536;

/** @throws RlmError 'INVALID_INPUT' for a cursor that is not one of this trace. */
export async function readEventPage(file: TraceBytes, query: EventQuery): Promise<EventPage> {
  const { size } = await file.stat();
  const fromStep = query.fromStep ?? 0;
  const toStep = query.toStep ?? Infinity;
  const start =
    query.cursor === null
      ? await findStep(file, fromStep, size)
      : { offset: await parseCursor(file, query.cursor, size), afterStep: null };
  const events: TraceEvent[] = [];
  const gaps = new GapReader(start.afterStep);
  let pageBytes = 0;
  for await (const line of readLines(file, start.offset, size)) {
    const event = toEvent(line);
    if (!event) {
      gaps.takeLine();
      continue;
    }
    if (event.step < fromStep) {
      gaps.passOver(event.step);
      continue;
    }
    gaps.takeEvent(event.step, events.length);
    if (event.step > toStep) {
      return { events, nextCursor: null, unreadable: gaps.all };
    }
    pageBytes += line.nextOffset - line.offset;
    if (events.length > 0 && (events.length >= query.limit || pageBytes > maxPageBytes)) {
      return { events, nextCursor: String(line.offset), unreadable: gaps.all };
    }
    events.push(event);
  }
  gaps.end(events.length);
  return { events, nextCursor: null, unreadable: gaps.all };
}

/** Puts lines that hold no event together, between the events around them. */
class GapReader {
  readonly all: PageGap[] = [];
  #lines = 0;
  #afterStep: number | null;

  constructor(afterStep: number | null) {
    this.#afterStep = afterStep;
  }

  takeLine(): void {
    this.#lines += 1;
  }

  /** An event before those that were asked for: what stands before it is of no concern. */
  passOver(step: number): void {
    this.#lines = 0;
    this.#afterStep = step;
  }

  takeEvent(step: number, index: number): void {
    this.#put(step, index);
    this.#afterStep = step;
  }

  end(index: number): void {
    this.#put(null, index);
  }

  #put(beforeStep: number | null, index: number): void {
    if (this.#lines > 0) {
      this.all.push({ lines: this.#lines, afterStep: this.#afterStep, beforeStep, index });
      this.#lines = 0;
    }
  }
}

/** How the session was opened, where the first line still says so. */
export async function readOpened(file: TraceBytes): Promise<SessionOpened | undefined> {
  for await (const line of readLines(file, 0, maxLineBytes)) {
    const event = toEvent(line);
    return event?.kind === 'session.opened' ? event : undefined;
  }
  return undefined;
}

/** The last readable event of the first `size` bytes, and where its line begins. */
export async function readLastEvent(
  file: TraceBytes,
  size: number,
): Promise<{ readonly event: TraceEvent; readonly offset: number } | undefined> {
  for await (const line of readLinesBackward(file, size)) {
    const event = toEvent(line);
    if (event) {
      return { event, offset: line.offset };
    }
  }
  return undefined;
}

/** Undefined when the line no longer holds an event. */
export function toEvent(line: Line): TraceEvent | undefined {
  return line.bytes === null ? undefined : decodeEvent(line.bytes);
}

/**
 * A line start at or before the first event of `step`, and near to it: steps never decrease along a trace.
 * `afterStep`: of the event before it.
 */
async function findStep(
  file: TraceBytes,
  step: number,
  size: number,
): Promise<{ readonly offset: number; readonly afterStep: number | null }> {
  let low = 0; // a line start; every event before it is of an earlier step
  let afterStep: number | null = null;
  let high = step <= 0 ? 0 : size; // no event at or after it is of an earlier step
  while (high - low > probeBytes) {
    const middle = low + Math.floor((high - low) / 2);
    const probe = await readEventAfter(file, middle, high);
    if (probe && probe.step < step) {
      low = probe.nextOffset;
      afterStep = probe.step;
    } else {
      high = middle;
    }
  }
  return { offset: low, afterStep };
}

/** The step of the first readable event whose line begins after `offset` and ends before `end`. */
async function readEventAfter(
  file: TraceBytes,
  offset: number,
  end: number,
): Promise<{ readonly step: number; readonly nextOffset: number } | undefined> {
  let isPartial = true; // the first line began somewhere before
  for await (const line of readLines(file, offset, end)) {
    const event = isPartial ? undefined : toEvent(line);
    isPartial = false;
    if (event) {
      return { step: event.step, nextOffset: line.nextOffset };
    }
  }
  return undefined;
}

async function parseCursor(file: TraceBytes, cursor: string, size: number): Promise<number> {
  const offset = /^\d{1,15}$/u.test(cursor) ? Number(cursor) : NaN;
  if (offset === 0) {
    return offset;
  }
  if (offset <= size) {
    const before = Buffer.alloc(1);
    await file.read(before, 0, 1, offset - 1);
    if (before[0] === 0x0a) {
      return offset;
    }
  }
  throw new RlmError('INVALID_INPUT', `"${cursor.slice(0, 80)}" is not a cursor of this trace.`, {
    nextStep: 'Pass next_cursor of the page before, unchanged, or none for the first page.',
  });
}
