// The engine's status in the words of the wire. Tokens are no part of it.

import type { EngineStatus } from '../core/engine';

export function toStatusView(status: EngineStatus) {
  const { sandbox, storage } = status;
  return {
    engine_id: status.engineId,
    version: status.version,
    pid: status.pid,
    uptime_ms: Math.round(status.uptimeMs),
    sandbox: {
      placement: sandbox.placement,
      walls: [...sandbox.walls],
      backends: sandbox.backends.map(({ imageDigest, nextStep, ...backend }) => ({
        ...backend,
        walls: [...backend.walls],
        image_digest: imageDigest,
        next_step: nextStep,
      })),
      live_sandboxes: sandbox.liveSandboxes,
      warm_workers: sandbox.warmWorkers,
    },
    models: status.models.map(({ provider, state, detail, models }) => ({
      provider,
      state,
      detail,
      models: [...models],
    })),
    sessions_by_status: { ...status.sessionsByStatus },
    live_sessions: status.liveSessions,
    storage: { path: storage.path, sessions: storage.sessions, bytes: storage.bytes },
    allowed_roots: [...status.allowedRoots],
  };
}
