// A session by its id or the beginning of it.

import { RlmError } from '../core/errors';
import type { Summary } from '../core/summary';
import type { TraceEvent } from '../core/event';
import type { TraceStore } from '../core/traceStore';
import type { UnreadableLines } from '../core/unreadableLines';
import type { ExportedTrace } from '../export/exportedTrace';
import { usageError } from './failure';

const pageSize = 200;
const fullId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u;

/** @throws RlmError 'SESSION_NOT_FOUND', or 'INVALID_INPUT' when several ids begin so. */
export async function findSession(traces: TraceStore, idOrStart: string): Promise<Summary> {
  const start = idOrStart.trim().toLowerCase();
  const ids = fullId.test(start) ? [start] : await listIds(traces, start);
  if (ids.length > 1) {
    const shown = ids.slice(0, 5).join(', ');
    throw usageError(
      `${ids.length} sessions begin with ${start}: ${shown}${ids.length > 5 ? ', …' : ''}.`,
      'Give more of the id.',
    );
  }
  const [id] = ids;
  const summary = id === undefined ? undefined : await traces.readSummary(id);
  if (!summary) {
    throw new RlmError(
      'SESSION_NOT_FOUND',
      `There is no session ${idOrStart} in ${traces.location}.`,
      {
        nextStep:
          'List the sessions: rlm-companion sessions. Another home folder is named with --home.',
      },
    );
  }
  return summary;
}

async function listIds(traces: TraceStore, start: string): Promise<readonly string[]> {
  const ids: string[] = [];
  if (start === '') {
    return ids;
  }
  let cursor: string | null = null;
  do {
    const page = await traces.listSummaries({ status: null, limit: pageSize, cursor });
    ids.push(...page.summaries.map((one) => one.sessionId).filter((id) => id.startsWith(start)));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

interface ReadRange {
  readonly fromStep?: number | null;
  readonly toStep?: number | null;
  /** Told of each page what of it could not be read. */
  readonly onUnreadable?: (gaps: readonly UnreadableLines[]) => void;
}

/** The events of a whole trace, and what of it could not be read as far as they have been. */
export function readWholeTrace(
  traces: TraceStore,
  sessionId: string,
): Pick<ExportedTrace, 'events' | 'readUnreadable'> {
  const unreadable: UnreadableLines[] = [];
  const onUnreadable = (gaps: readonly UnreadableLines[]): void => void unreadable.push(...gaps);
  const events = readAllEvents(traces, sessionId, { onUnreadable });
  return { events, readUnreadable: () => unreadable };
}

/** Every event of a trace in order, a page at a time in memory. */
export async function* readAllEvents(
  traces: TraceStore,
  sessionId: string,
  { fromStep = null, toStep = null, onUnreadable }: ReadRange = {},
): AsyncGenerator<TraceEvent> {
  let cursor: string | null = null;
  do {
    const page = await traces.readEvents(sessionId, { fromStep, toStep, cursor, limit: pageSize });
    yield* page.events;
    onUnreadable?.(page.unreadable);
    cursor = page.nextCursor;
  } while (cursor !== null);
}
