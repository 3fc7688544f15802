// The fold of a trace: what a list or a header shows of a session.

import type { SessionOpened, SessionStatus, StopCause, TraceEvent, Verbosity } from './event';
import type { ContextInfo } from './context';
import type { Limits, SharedLimits, Usage } from './limits';
import type { Language, SandboxPlace } from './sandbox';

export interface Summary {
  readonly sessionId: string;
  readonly title: string;
  readonly language: Language;
  readonly sandbox: SandboxPlace;
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

export function createSummary(opened: SessionOpened): Summary {
  return {
    sessionId: opened.sessionId,
    title: opened.title,
    language: opened.language,
    sandbox: opened.sandbox,
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
  const next: Summary = {
    ...summary,
    status: event.status,
    updatedAt: event.at,
    usage: event.usage,
    shared: event.shared ?? {},
  };
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
