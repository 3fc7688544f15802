// What one user may take of a server, and the calls counted against it.

import * as z from 'zod';
import { TokenBuckets } from '../base/tokenBuckets';
import { RlmError } from '../core/errors';
import type { Room } from '../core/liveSessions';
import type { CallGate } from '../mcp/callGate';
import type { CallerLimits } from '../mcp/httpAccess';

const limit = (usual: number, max: number) => z.int().min(1).max(max).default(usual);

const maxModelLimit = 1_000_000_000_000;
const modelLimit = z.int().min(0).max(maxModelLimit).nullable().default(null);

/** In the words of the file of users; what is left out there is as usual. */
export const quotaSchema = z.strictObject({
  live_sessions: limit(20, 100),
  /** Of the code of all sessions that hold a sandbox (their max_memory_mb), and of their contexts. */
  memory_mb: limit(8_192, 1_000_000),
  calls_per_minute: limit(600, 1_000_000),
  requests_per_minute: limit(1_200, 1_000_000),
  mcp_sessions: limit(16, 1_000),
  /** Of the server's models, which are all users' and cost money; null: any number. Days and months are UTC's. */
  model_calls_per_day: modelLimit,
  model_tokens_per_day: modelLimit,
  model_calls_per_month: modelLimit,
  model_tokens_per_month: modelLimit,
});
export type Quota = z.infer<typeof quotaSchema>;

export const usualQuota: Quota = quotaSchema.parse({});

export function toRoom({ live_sessions: sessions, memory_mb: memoryMb }: Quota): Room {
  return { sessions, memoryMb, of: 'user' };
}

/** Of the server's 1,024 connections, and of its memory while bodies are read. */
const openCalls = 128;
const openOthers = 64;
const bodyBytes = 64_000_000;

export function toCallerLimits(quota: Quota): CallerLimits {
  const { requests_per_minute: perMinute, mcp_sessions: mcpSessions } = quota;
  return {
    requests: { perMinute, burst: perMinute },
    mcpSessions,
    openRequests: openCalls + openOthers + mcpSessions, // each session may have a stream
    openCalls,
    bodyBytes,
  };
}

/** Lets the calls of one user pass as far as the quota goes. */
export class CallQuota implements CallGate {
  readonly #readQuota: () => Quota;
  readonly #buckets = new TokenBuckets(() => performance.now());

  constructor(readQuota: () => Quota) {
    this.#readQuota = readQuota;
  }

  admit(): RlmError | null {
    const { calls_per_minute: perMinute } = this.#readQuota();
    const waitMs = this.#buckets.take('calls', { perMinute, burst: perMinute });
    return waitMs === 0
      ? null
      : new RlmError(
          'BACKEND_UNAVAILABLE',
          `More than ${perMinute} calls a minute: the quota calls_per_minute is used up.`,
          {
            nextStep: `Wait ${Math.ceil(waitMs / 1_000)} s, then call again; do more in one step.`,
          },
        );
  }

  ended(): void {
    // Calls are counted when they begin.
  }
}
