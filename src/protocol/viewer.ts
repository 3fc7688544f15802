// The words spoken between the editor and a trace viewer. The viewer asks `ready` once, then
// `nextEvents` again and again, and folds what comes with the core's own `applyEvent`.

import type { Decision } from '../core/agent/agentEvent';
import type { SessionStatus } from '../core/event';
import type { Language } from '../core/sandbox';
import type { Summary } from '../core/summary';
import type { FollowedPage } from '../core/tracePages';

/** The id of the inert element of a viewer's page that holds the editor's translations, as JSON. */
export const wordsPart = 'rlm-words';

/**
 * What travels over `postMessage`, both ways. A webview is loaded anew each time it becomes visible
 * again: every load names itself, is a link and a Channel of its own, and ends the one before.
 */
export interface ViewerEnvelope {
  readonly load: string;
  /** A frame of the Channel. */
  readonly frame: unknown;
}

/** The last four: of an agent. `goOn`: with one that has ended, by a message. */
export type ViewerAction =
  | 'stop'
  | 'finalize'
  | 'resume'
  | 'fork'
  | 'readVariable'
  | 'approve'
  | 'tell'
  | 'goOn'
  | 'showChanges';

/** What the events of a trace cannot say of its session. */
export interface Standing {
  /** Null: as the events say. 'interrupted' when the engine that wrote them is gone. */
  readonly status: SessionStatus | null;
  /** What can be done now; the rest is not offered. */
  readonly actions: readonly ViewerAction[];
  /** Why less is offered than usual, one sentence for people; null when nothing is to be said. */
  readonly note: string | null;
  /** Sessions opened by this one, oldest first. */
  readonly children: readonly Summary[];
}

export interface ViewerStart {
  /** What the list knows of the session: shown until the events have come. */
  readonly summary: Summary;
  readonly standing: Standing;
  /** The step to show, when the viewer was opened by a link to one. */
  readonly step: number | null;
}

export interface EventsAfter {
  /** Of the page before; null: from the beginning of the trace. */
  readonly cursor: string | null;
}

export type ViewerPage = FollowedPage;

export type ViewerAnswer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string };

export interface SourcePlace {
  /** As the context names its source; null: its only source. */
  readonly path: string | null;
  /** 1-based. */
  readonly line: number | null;
  /** From `start` up to `end`, counted as `Language` counts: code points in Python, UTF-16 units in JavaScript. */
  readonly range: { readonly start: number; readonly end: number } | null;
}

export interface OpenedText {
  /** What the editor's tab says. */
  readonly title: string;
  readonly text: string;
  readonly language: Language | 'plaintext';
}

/** What the editor answers. Every method may reject with an RlmError, which the viewer shows. */
export type ViewerHostMethods = {
  ready(params: null): Promise<ViewerStart>;
  /** Answers at once when there are events after `cursor` or it is null, else waits for the next. */
  nextEvents(params: EventsAfter, signal: AbortSignal): Promise<ViewerPage>;
  stop(params: null): Promise<void>;
  finalize(params: ViewerAnswer): Promise<void>;
  resume(params: null): Promise<void>;
  /** Opens the fork's own trace. `step` null: after the last answered step. */
  fork(params: { readonly step: number | null }): Promise<void>;
  /** Answers what an agent waits for; rejects where another answer came first. */
  decide(params: { readonly approvalId: string; readonly decision: Decision }): Promise<void>;
  /** Tells the agent something; one that has ended goes on with it. */
  tell(params: { readonly text: string }): Promise<void>;
  /** Opens what an agent has changed in its worktree, file by file. */
  showChanges(params: null): Promise<void>;
  /** Asks for a file and writes it. */
  exportTrace(params: { readonly format: 'json' | 'markdown' | 'html' }): Promise<void>;
  /** Opens the value that a live session's variable has now. */
  openVariable(params: { readonly name: string }): Promise<void>;
  /** Opens a text of the trace in a read-only editor. */
  openText(params: OpenedText): Promise<void>;
  openSource(params: SourcePlace): Promise<void>;
  openTrace(params: { readonly sessionId: string }): Promise<void>;
  copy(params: { readonly text: string }): Promise<void>;
  /** Copies a link that opens this trace at `step`. */
  copyLink(params: { readonly step: number | null }): Promise<void>;
};

/** What the viewer answers; sent only after `ready` was answered. */
export type ViewerMethods = {
  showStanding(params: Standing): void;
  /** Selects a step and brings it into view. */
  showStep(params: { readonly step: number }): void;
};

/** What a panel keeps over a reload of the window: all the host needs is the session. */
export interface ViewerState {
  readonly sessionId: string;
}
