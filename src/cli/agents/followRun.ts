// Follows a run by its trace until it is at rest, whichever engine holds it.

import type { AgentAsked } from '../../core/agent/agentEvent';
import { isAtRest } from '../../core/agent/agentState';
import { throwIfAborted } from '../../core/errors';
import type { TraceEvent } from '../../core/event';
import type { AgentSummary } from '../../core/summary';
import { awaitChange, readPageAfter } from '../../core/tracePages';
import type { TraceStore } from '../../core/traceStore';
import type { UnreadableLines } from '../../core/unreadableLines';
import { OpenApprovals, toAgentStatus, toAgentSummary } from './runRecord';
import { findSession } from '../traces';

const lookAgainMs = 2_000;

export interface Follower {
  onEvent(event: TraceEvent): Promise<void> | void;
  onUnreadable(gaps: readonly UnreadableLines[]): void;
  /** All that wait for a person now; told after each page of events. */
  onApprovals(open: readonly AgentAsked[]): void;
}

/** How it stands at rest. @throws RlmError 'CANCELLED' when `signal` aborts, 'SESSION_NOT_FOUND' when it was deleted. */
export async function followRun(
  traces: TraceStore,
  sessionId: string,
  follower: Follower,
  signal: AbortSignal,
): Promise<AgentSummary> {
  // One watch for all of it: a new one tells nothing of a run that ends before it has looked for the first time.
  const watching = traces.onDidChange(() => undefined);
  try {
    return await follow(traces, sessionId, follower, signal);
  } finally {
    watching.dispose();
  }
}

async function follow(
  traces: TraceStore,
  sessionId: string,
  follower: Follower,
  signal: AbortSignal,
): Promise<AgentSummary> {
  const open = new OpenApprovals();
  let cursor: string | null = null;
  let atRest: AgentSummary | null = null;
  for (;;) {
    const waiting = awaitChange(traces.onDidChange, sessionId, signal);
    try {
      const page = await readPageAfter(traces, sessionId, cursor);
      cursor = page.cursor;
      for (const event of page.events) {
        open.take(event);
        await follower.onEvent(event);
      }
      if (page.unreadable.length > 0) {
        follower.onUnreadable(page.unreadable);
      }
      throwIfAborted(signal, 'Following the run');
      if (!page.complete) {
        continue;
      }
      if (atRest && page.events.length === 0) {
        return atRest; // nothing has come since it was seen at rest
      }
      const summary = toAgentSummary(await findSession(traces, sessionId));
      const status = toAgentStatus(summary);
      follower.onApprovals(status === 'awaiting_approval' ? open.all : []);
      atRest = isAtRest(status) ? summary : null;
      if (!atRest) {
        await untilChanged(waiting.changed);
      }
    } finally {
      waiting.dispose();
    }
  }
}

/** Also without a change after a while: what happened before the watch had looked is announced by nothing. */
async function untilChanged(changed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, lookAgainMs);
  });
  try {
    await Promise.race([changed, late]);
  } finally {
    clearTimeout(timer);
  }
}
