// A session's summary in the words of the wire.

import type { Summary } from '../core/summary';
import { toContextView } from './contextView';
import { fitPayload } from './fit';
import { toPlaceView } from './placeView';
import { toLimitsView, toUsageView } from './usageView';

export function toSessionView(summary: Summary) {
  return {
    session_id: summary.sessionId,
    title: summary.title,
    status: summary.status,
    language: summary.language,
    backend: summary.sandbox.backend,
    created_at: new Date(summary.createdAt).toISOString(),
    updated_at: new Date(summary.updatedAt).toISOString(),
    usage: toUsageView(summary.usage, summary.limits),
    parent_session_id: summary.parentSessionId,
    source_step: summary.sourceStep,
  };
}

/** All that one session's resource shows. */
export function toSessionDetail(summary: Summary) {
  const { payload, cut } = fitPayload(
    {
      ...toSessionView(summary),
      config: toLimitsView(summary.limits),
      sandbox: toPlaceView(summary.sandbox),
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
