// Agent runs as one caller has them: a client of the machine's user all of them, an agent itself and those below it.

import { RlmError } from '../errors';
import type { Summary } from '../summary';
import type { TraceStore } from '../traceStore';
import type { Decision } from './agentEvent';
import type { AgentRun } from './agentRun';
import { isAtRest } from './agentState';
import type { AgentRuns, EndedRun, ReadRun } from './agentRuns';
import type { ProfileList } from './profile';
import type { SpawnRequest } from './spawnPlan';

/** All throw RlmError 'AGENT_NOT_FOUND' for a run that the caller does not have, and as `AgentRuns`. */
export interface CallerAgents {
  /** Those that the caller may spawn by. Never rejects. */
  listProfiles(): Promise<ProfileList>;
  /** Whether a list of runs shows it to the caller. */
  sees(summary: Summary): Promise<boolean>;
  spawn(request: SpawnRequest): Promise<AgentRun>;
  /** @throws RlmError 'INVALID_INPUT' while it is at work. */
  resume(sessionId: string, text: string): Promise<AgentRun>;
  tell(sessionId: string, text: string): Promise<AgentRun>;
  /** Waits until it is at rest or waits for a person, where this engine holds it, and at most `waitMs`. */
  read(
    sessionId: string,
    wait?: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<ReadRun>;
  decide(sessionId: string, answer: ApprovalDecision): AgentRun;
  terminate(sessionId: string, reason: string): Promise<EndedRun>;
  /** The number of the event. */
  note(sessionId: string, note: string, tags: readonly string[]): Promise<number>;
}

export interface ApprovalDecision {
  readonly approvalId: string;
  readonly decision: Decision;
  readonly note: string | null;
}

/** What the machine's user and his clients have: everything. */
export function toClientAgents(runs: AgentRuns): CallerAgents {
  return {
    listProfiles: () => runs.parts.profiles.list(),
    sees: async () => true,
    spawn: (request) => runs.spawn(request, { kind: 'client' }),
    resume: async (sessionId, text) => {
      checkAtRest(runs, sessionId);
      return runs.resume(sessionId, text, 'user');
    },
    tell: (sessionId, text) => runs.tell(sessionId, text, 'user'),
    read: async (sessionId, wait) => readAtRest(runs, sessionId, wait),
    decide: (sessionId, answer) => {
      runs.decide(sessionId, answer, { kind: 'client' });
      return runs.require(sessionId);
    },
    terminate: (sessionId, reason) => runs.terminate(sessionId, reason),
    note: (sessionId, note, tags) => runs.note(sessionId, { by: 'user', note, tags }),
  };
}

/** What the agent of run `ownId` has. It reads itself and what is below it, and steers and stops what is below it. */
export function toChildAgents(runs: AgentRuns, traces: TraceStore, ownId: string): CallerAgents {
  const caller = { kind: 'agent', sessionId: ownId } as const;
  const checkBelow = async (sessionId: string): Promise<void> => {
    if (!(await isBelow(traces, ownId, sessionId))) {
      throw notYours(sessionId);
    }
  };
  const checkVisible = async (sessionId: string): Promise<void> => {
    if (sessionId !== ownId) {
      await checkBelow(sessionId);
    }
  };
  return {
    listProfiles: async () => {
      const { maySpawn } = runs.require(ownId).opened.agent.permissions;
      const { profiles } = await runs.parts.profiles.list();
      return { profiles: profiles.filter(({ id }) => maySpawn.includes(id)), broken: [] };
    },
    sees: async ({ sessionId, parentSessionId }) =>
      sessionId === ownId ||
      (parentSessionId !== null && (await isBelow(traces, ownId, sessionId))),
    spawn: (request) => runs.spawn(request, caller),
    resume: async (sessionId, text) => {
      await checkBelow(sessionId);
      checkAtRest(runs, sessionId);
      return runs.resume(sessionId, text, 'parent');
    },
    tell: async (sessionId, text) => {
      await checkBelow(sessionId);
      return runs.tell(sessionId, text, 'parent');
    },
    read: async (sessionId, wait) => {
      await checkVisible(sessionId);
      return readAtRest(runs, sessionId, sessionId === ownId ? undefined : wait); // it cannot wait for itself
    },
    decide: (sessionId, answer) => {
      runs.decide(sessionId, answer, caller);
      return runs.require(sessionId);
    },
    terminate: async (sessionId, reason) => {
      await checkBelow(sessionId);
      return runs.terminate(sessionId, reason);
    },
    note: async (sessionId, note, tags) => {
      await checkVisible(sessionId);
      return runs.note(sessionId, { by: sessionId === ownId ? 'agent' : 'parent', note, tags });
    },
  };
}

async function readAtRest(
  runs: AgentRuns,
  sessionId: string,
  wait?: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<ReadRun> {
  if (wait && wait.waitMs > 0) {
    await runs.find(sessionId)?.whenStill(wait.waitMs, wait.signal);
  }
  return runs.read(sessionId);
}

/** By the parents on record, whichever engine opened them. */
async function isBelow(
  traces: TraceStore,
  ancestorId: string,
  sessionId: string,
): Promise<boolean> {
  const seen = new Set<string>();
  for (let id: string | null = sessionId; id !== null && !seen.has(id);) {
    seen.add(id);
    const summary: Summary | undefined = await traces.readSummary(id).catch(() => undefined);
    id = summary?.agent ? summary.parentSessionId : null;
    if (id === ancestorId) {
      return true;
    }
  }
  return false;
}

/** Who goes on with a run does not mean to steer it. */
function checkAtRest(runs: AgentRuns, sessionId: string): void {
  const run = runs.find(sessionId);
  if (run?.isOpen && !isAtRest(run.status)) {
    throw new RlmError('INVALID_INPUT', `Agent run ${sessionId} is at work (${run.status}).`, {
      nextStep: 'Steer it with agent_message, or wait for it with summarize_session and wait_ms.',
    });
  }
}

function notYours(sessionId: string): RlmError {
  return new RlmError('AGENT_NOT_FOUND', `There is no agent run ${sessionId} below this one.`, {
    nextStep: 'Name one that you have spawned; list_agents shows them.',
  });
}
