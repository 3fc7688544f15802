// The engine's status in the words of the wire, what a caller asks for first. Tokens are no part of it.

import type { EngineStatus } from '../core/engine';
import { replStatuses, type SessionStatus } from '../core/event';

export function toStatusView(status: EngineStatus) {
  const { sandbox, storage } = status;
  return {
    version: status.version,
    sandbox: {
      backends: sandbox.backends.map(({ backend, language, works, ...rest }) => ({
        backend,
        language,
        works,
        detail: rest.detail,
        next_step: rest.nextStep,
        image: rest.image,
        image_digest: rest.imageDigest,
        live: rest.live,
        warm: rest.warm,
        walls: [...rest.walls],
      })),
      placement: sandbox.placement,
      live_sandboxes: sandbox.liveSandboxes,
      warm_workers: sandbox.warmWorkers,
      walls: [...sandbox.walls],
    },
    allowed_roots: [...status.allowedRoots],
    models: status.models.map(({ provider, state, detail, models }) => ({
      provider,
      state,
      detail,
      models: [...models],
    })),
    ...(status.modelQuotas.length > 0 && { model_quotas: [...status.modelQuotas] }),
    sessions_by_status: toCounts(status.sessionsByStatus),
    live_sessions: status.liveSessions,
    storage: { path: storage.path, sessions: storage.sessions, bytes: storage.bytes },
    index: toIndexView(status.index),
    uptime_ms: Math.round(status.uptimeMs),
    engine_id: status.engineId,
    pid: status.pid,
  };
}

/** States that only agent runs have are told where there are such runs. */
function toCounts(
  counts: EngineStatus['sessionsByStatus'],
): Partial<Record<SessionStatus, number>> {
  const isTold = ([name, count]: [string, number]): boolean =>
    count > 0 || replStatuses.some((status) => status === name);
  return Object.fromEntries(Object.entries(counts).filter(isTold));
}

function toIndexView({ works, state, detail, nextStep, stats, meaning }: EngineStatus['index']) {
  return {
    works,
    state,
    detail,
    ...(nextStep !== null && { next_step: nextStep }),
    ...(meaning && { embeddings: meaning }),
    ...(stats && {
      sessions: stats.sessions,
      entries: stats.entries,
      bytes: stats.bytes,
      unreadable_lines: stats.unreadableLines,
      ...(stats.mended !== null && { mended: stats.mended }),
    }),
  };
}
