// The fold of a trace without reading all of it: its first lines, its last lines, and the contexts
// between. Equal to folding every event.

import type { TraceEvent } from '../core/event';
import { applyEvent, createSummary, type Summary } from '../core/summary';
import { findLines, readLines, readLinesBackward } from './lineReader';
import { toLineStart } from './traceCodec';
import { toEvent } from './traceReader';
import type { TraceBytes } from './traceSegments';

/** `all` also finds contexts added between steps, which takes a scan of the whole file. */
export type ContextScope = 'head-and-tail' | 'all';

/** Undefined when the trace does not begin with the opening of a session. `size` is the file's, in bytes. */
export async function readTraceSummary(
  file: TraceBytes,
  size: number,
  scope: ContextScope,
): Promise<Summary | undefined> {
  const head = await readHead(file, size);
  if (!head.summary) {
    return undefined;
  }
  const tail = await readTail(file, size, head.end);
  const between =
    scope === 'all' ? await readContexts(file, { from: head.end, to: tail.start }) : [];
  return [...between, ...tail.events].reduce(applyEvent, head.summary);
}

/** What stands before the first event that is neither the opening nor a context. */
async function readHead(
  file: TraceBytes,
  size: number,
): Promise<{ readonly summary: Summary | undefined; readonly end: number }> {
  let summary: Summary | undefined;
  for await (const line of readLines(file, 0, size)) {
    const event = toEvent(line);
    if (event?.kind === 'session.opened') {
      summary = createSummary(event);
    } else if (event?.kind === 'context.loaded' && summary) {
      summary = applyEvent(summary, event);
    } else if (event) {
      return { summary, end: line.offset };
    }
  }
  return { summary, end: size };
}

/**
 * The last events, from the last one that found the session active and between two calls on: once
 * stopped or finalized a session is never active again, so what came before is settled.
 */
async function readTail(
  file: TraceBytes,
  size: number,
  headEnd: number,
): Promise<{ readonly events: readonly TraceEvent[]; readonly start: number }> {
  const events: TraceEvent[] = [];
  let start = size;
  for await (const line of readLinesBackward(file, size)) {
    if (line.offset < headEnd) {
      break;
    }
    start = line.offset;
    const event = toEvent(line);
    if (event) {
      events.unshift(event);
      if (event.status === 'active' && tellsRunning(event)) {
        break;
      }
    }
  }
  return { events, start };
}

function tellsRunning(event: TraceEvent): boolean {
  return event.kind !== 'context.loaded' && event.kind !== 'model.answered';
}

async function readContexts(
  file: TraceBytes,
  range: { readonly from: number; readonly to: number },
): Promise<readonly TraceEvent[]> {
  const contexts: TraceEvent[] = [];
  for (const offset of await findLines(file, toLineStart('context.loaded'), range)) {
    for await (const line of readLines(file, offset, range.to)) {
      const event = toEvent(line);
      if (event) {
        contexts.push(event);
      }
      break;
    }
  }
  return contexts;
}
