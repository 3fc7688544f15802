// A session's summary in the words of the wire.

import type { Engine } from '../core/engine';
import type { Summary } from '../core/summary';
import { toContextView } from './contextView';
import { fitPayload } from './fit';
import { toAgentView } from './agentView';
import { toPlaceView } from './placeView';
import { toLimitsView, toUsageView } from './usageView';

function toSessionView(summary: Summary) {
  return {
    session_id: summary.sessionId,
    title: summary.title,
    status: summary.status,
    ...(summary.agent
      ? { profile_id: summary.agent.profileId, waiting_for: summary.agent.waitingFor }
      : { language: summary.language, backend: summary.sandbox.backend }),
    created_at: new Date(summary.createdAt).toISOString(),
    updated_at: new Date(summary.updatedAt).toISOString(),
    usage: toUsageView(summary),
    parent_session_id: summary.parentSessionId,
    source_step: summary.sourceStep,
  };
}

/** What a live session shares with others may have changed since its last event. */
export function toSessionViews(summaries: readonly Summary[], { live }: Engine['sessions']) {
  return summaries.map((summary) => {
    const session = live.find(({ id }) => id === summary.sessionId);
    return toSessionView(session ? { ...summary, shared: session.summary.shared } : summary);
  });
}

/** All that one session's resource shows. */
export function toSessionDetail(summary: Summary) {
  const { payload, cut } = fitPayload(
    {
      ...toSessionView(summary),
      config: toLimitsView(summary.limits),
      ...(summary.agent
        ? { agent: toAgentView(summary.agent) }
        : { sandbox: toPlaceView(summary.sandbox) }),
      depth: summary.depth,
      engine_id: summary.engineId,
      running: summary.running,
      stop_cause: summary.stopCause,
      contexts: summary.contexts.map(toContextView),
      final_answer: summary.finalAnswer,
    },
    ['contexts', 'final_answer'],
  );
  return { ...payload, truncated: cut.length > 0, cut };
}
