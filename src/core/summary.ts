// The fold of a trace: what a list or a header shows of a session.

import type { AgentInfo, AgentStanding } from './agent/agentEvent';
import type {
  ReplOpened,
  SessionOpened,
  SessionStatus,
  StopCause,
  TraceEvent,
  Verbosity,
} from './event';
import { isAgentEvent } from './event';
import type { ContextInfo } from './context';
import type { Limits, SharedLimits, Usage } from './limits';
import type { Language, SandboxPlace } from './sandbox';

interface AnySummary {
  readonly sessionId: string;
  readonly title: string;
  readonly status: SessionStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly limits: Limits;
  /** Left out: normal. */
  readonly verbosity?: Verbosity | undefined;
  readonly usage: Usage;
  /** What others leave of its limits; as it stood when it ended. */
  readonly shared: SharedLimits;
  readonly parentSessionId: string | null;
  /** Of a fork: after which step of its parent; null: it is no fork. */
  readonly sourceStep: number | null;
  readonly depth: number;
  readonly engineId: string;
  readonly contexts: readonly ContextInfo[];
  readonly stopCause: StopCause | null;
  readonly finalAnswer: string | null;
  /** Whose value the final answer was; null: it was given as a text. */
  readonly finalVariable: string | null;
  /** A step has started and not finished. */
  readonly running: boolean;
}

/** Of a session with a REPL. */
export interface ReplSummary extends AnySummary {
  readonly language: Language;
  readonly sandbox: SandboxPlace;
  readonly agent: null;
}

/** Of an agent run. */
export interface AgentSummary extends AnySummary {
  readonly language: null;
  readonly sandbox: null;
  readonly agent: AgentInfo & AgentStanding;
}

export type Summary = ReplSummary | AgentSummary;

/** Before anything was done. */
export const noAgentStanding: AgentStanding = {
  usage: { tokens: 0, usd: null, turns: 0, wallMs: 0, commands: 0, children: 0 },
  waitingFor: 0,
  queuePlace: null,
  doneItems: 0,
};

export function createSummary(opened: ReplOpened): ReplSummary;
export function createSummary(opened: SessionOpened): Summary;
export function createSummary(opened: SessionOpened): Summary {
  const summary = createAnySummary(opened);
  return opened.agent
    ? {
        ...summary,
        language: null,
        sandbox: null,
        agent: { ...opened.agent, ...(opened.agentStanding ?? noAgentStanding) },
      }
    : { ...summary, language: opened.language, sandbox: opened.sandbox, agent: null };
}

function createAnySummary(opened: SessionOpened): AnySummary {
  return {
    sessionId: opened.sessionId,
    title: opened.title,
    status: opened.status,
    createdAt: opened.at,
    updatedAt: opened.at,
    limits: opened.limits,
    ...(opened.verbosity && { verbosity: opened.verbosity }),
    usage: opened.usage,
    shared: opened.shared ?? {},
    parentSessionId: opened.parentSessionId,
    sourceStep: opened.sourceStep,
    depth: opened.depth,
    engineId: opened.engineId,
    contexts: [],
    stopCause: null,
    finalAnswer: null,
    finalVariable: null,
    running: false,
  };
}

/** The summary after `event`. Events must come in the order of the trace. */
export function applyEvent(summary: Summary, event: TraceEvent): Summary {
  const next = takeHeader(summary, event);
  if (isAgentEvent(event)) {
    return { ...next, running: isWorking(event.status) };
  }
  switch (event.kind) {
    case 'session.opened':
      return createSummary(event);
    case 'context.loaded':
      return { ...next, contexts: [...summary.contexts, event.context] };
    case 'step.started':
      return { ...next, running: true };
    case 'step.finished':
      return { ...next, running: false, stopCause: event.stop ?? summary.stopCause };
    case 'model.answered':
    case 'loop.started':
    case 'loop.finished':
    case 'file.written':
      return next;
    case 'shell.finished':
      return { ...next, stopCause: event.stop ?? summary.stopCause };
    case 'session.stopped':
      return { ...next, running: false, stopCause: event.cause };
    case 'session.finalized':
      return {
        ...next,
        running: false,
        finalAnswer: event.answer,
        finalVariable: event.fromVariable,
      };
    case 'session.closed':
      return { ...next, running: false };
    case 'session.replayed':
      return { ...next, running: false, engineId: event.engineId };
  }
}

function takeHeader(summary: Summary, event: TraceEvent): Summary {
  const changes = {
    status: event.status,
    updatedAt: event.at,
    usage: event.usage,
    shared: event.shared ?? {},
  };
  return summary.agent
    ? { ...summary, ...changes, agent: { ...summary.agent, ...event.agentStanding } }
    : { ...summary, ...changes };
}

/** It is going on, or is going to by itself. */
export function isUnderWay(status: SessionStatus): boolean {
  return status === 'active' || status === 'queued' || isWorking(status);
}

function isWorking(status: SessionStatus): boolean {
  return status === 'preparing' || status === 'running' || status === 'awaiting_approval';
}
