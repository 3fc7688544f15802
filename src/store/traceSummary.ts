// The fold of a trace without reading all of it: its first lines, its last lines, and the contexts
// between. Equal to folding every event.

import { isAgentEvent, type ReplOpened, type TraceEvent } from '../core/event';
import { createLimits } from '../core/limits';
import { unrecordedPlace } from '../core/sandbox';
import { applyEvent, createSummary, type Summary } from '../core/summary';
import { findLines, readLines, readLinesBackward } from './lineReader';
import { toLineStart } from './traceCodec';
import { toEvent } from './traceReader';
import type { TraceBytes } from './traceSegments';

/** `all` also finds contexts added between steps, which takes a scan of the whole file. */
export type ContextScope = 'head-and-tail' | 'all';

interface SummaryParts {
  /** Whose trace it is, where its own first line cannot say. */
  readonly sessionId: string;
  /** The file's, in bytes. */
  readonly size: number;
  readonly scope: ContextScope;
}

/** Undefined for a trace that holds no event. */
export async function readTraceSummary(
  file: TraceBytes,
  { sessionId, size, scope }: SummaryParts,
): Promise<Summary | undefined> {
  const head = await readHead(file, sessionId, size);
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
  sessionId: string,
  size: number,
): Promise<{ readonly summary: Summary | undefined; readonly end: number }> {
  let summary: Summary | undefined;
  for await (const line of readLines(file, 0, size)) {
    const event = toEvent(line);
    if (event?.kind === 'session.opened') {
      summary = createSummary(event);
    } else if (event) {
      summary ??= createSummary(toLostOpening(event, sessionId));
      if (event.kind !== 'context.loaded') {
        return { summary, end: line.offset };
      }
      summary = applyEvent(summary, event);
    }
  }
  return { summary, end: size };
}

/** What a list can say of a session whose first line is damaged, so that the rest of it can be read. */
function toLostOpening({ at, usage }: TraceEvent, sessionId: string): ReplOpened {
  return {
    kind: 'session.opened',
    at,
    step: 0,
    status: 'active',
    usage,
    sessionId,
    title: 'Damaged trace: its title, language and limits could not be read',
    language: 'python',
    sandbox: unrecordedPlace,
    agent: null,
    limits: createLimits(),
    parentSessionId: null,
    sourceStep: null,
    depth: 0,
    engineId: '',
    version: '',
  };
}

/**
 * The last events, from the last one that found the session active and between two calls on: once
 * stopped or finalized a session is never active again, so what came before is settled. Every event of an agent
 * run settles all that came before it.
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
      if (isAgentEvent(event) || (event.status === 'active' && tellsRunning(event))) {
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
