// How many sessions of a home have each status.

import { type SessionStatus, sessionStatuses } from './event';
import type { TraceStore } from './traceStore';

const pageSize = 500;

export async function countByStatus(
  traces: Pick<TraceStore, 'listSummaries'>,
): Promise<Record<SessionStatus, number>> {
  const counts = Object.fromEntries(sessionStatuses.map((status) => [status, 0])) as Record<
    SessionStatus,
    number
  >; // one entry per status
  let cursor: string | null = null;
  do {
    const page = await traces.listSummaries({ status: null, limit: pageSize, cursor });
    for (const { status } of page.summaries) {
      counts[status] += 1;
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return counts;
}
