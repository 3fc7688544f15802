// What one running engine offers to its surfaces (MCP, CLI, editor). Built in src/runtime.ts.

import type { AgentRuns } from './agent/agentRuns';
import type { Clock } from './clock';
import type { ContextReader } from './context';
import type { Downloads } from './downloads';
import type { LoopRunner } from './loop';
import type { ProviderStatus } from './model';
import type { ModelQuotaStatus } from './modelQuota';
import type { SandboxStatus } from './sandbox';
import type { RunSearch, SearchHealth } from './search/runSearch';
import type { SessionRegistry } from './sessionRegistry';
import type { SessionStatus } from './event';
import type { Tasks } from './task/tasks';
import type { TraceStore } from './traceStore';

export interface Engine {
  readonly engineId: string;
  readonly version: string;
  readonly sessions: SessionRegistry;
  readonly traces: TraceStore;
  /** Steps and runs that go on between the calls of those who asked for them. */
  readonly tasks: Tasks;
  readonly clock: Clock;
  /** Whole runs, in which a model writes the code. */
  readonly loops: LoopRunner;
  /** Agents that work by themselves; null: none are to be had here. */
  readonly agents: AgentRuns | null;
  /** Over the traces of this engine's home. */
  readonly search: RunSearch;
  /** Where files that come out of sandboxes may go on this machine. */
  readonly downloads: Downloads;
  /** As `ContextReader.readFile`: files that go into sandboxes. */
  readonly readHostFile: ContextReader['readFile'];
  /** Starts what a first session would wait for; never rejects. */
  prewarm(): void;
  readStatus(): Promise<EngineStatus>;
  /** Closes every session and all that the engine started. Idempotent, never rejects. */
  close(): Promise<void>;
}

export interface EngineStatus {
  readonly engineId: string;
  readonly version: string;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly sandbox: SandboxStatus;
  /** One entry per provider, whether it is set up or not. */
  readonly models: readonly ProviderStatus[];
  /** Of a server's user; empty where there is only one. */
  readonly modelQuotas: readonly ModelQuotaStatus[];
  readonly sessionsByStatus: Readonly<Record<SessionStatus, number>>;
  readonly liveSessions: number;
  readonly storage: { readonly path: string; readonly sessions: number; readonly bytes: number };
  readonly allowedRoots: readonly string[];
  /** Of what search asks. */
  readonly index: SearchHealth;
}
