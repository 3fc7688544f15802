// The events of a trace as an agent reads them: one entry a step, one for the session and its first context, one for
// each of the others. Pure.

import {
  type ContextLoaded,
  isAgentEvent,
  type SessionOpened,
  type StepFinished,
  type StepStarted,
  type TraceEvent,
} from '../core/event';
import { type TraceAction, toEventAction } from '../core/traceActions';

export type TraceEntry =
  | {
      readonly kind: 'opened';
      readonly opened: SessionOpened;
      readonly loaded: ContextLoaded | null;
    }
  /** `finished`: null while it runs, or where it has no end on record. `started`: null where it lies before. */
  | {
      readonly kind: 'step';
      readonly started: StepStarted | null;
      readonly finished: StepFinished | null;
    }
  | { readonly kind: 'other'; readonly event: OtherEvent };

export type OtherEvent = Exclude<TraceEvent, SessionOpened | StepStarted | StepFinished>;

/** What waits for the event that completes it. */
export type HeldEvent = SessionOpened | StepStarted | null;

interface Folded {
  /** What comes to its end without `event`, in which it has no part. */
  readonly ended: TraceEntry | null;
  /** What `event` completes. */
  readonly own: TraceEntry | null;
  /** What waits from then on. */
  readonly held: HeldEvent;
}

export function foldEvent(held: HeldEvent, event: TraceEvent): Folded {
  if (isAgentEvent(event)) {
    return { ended: endHeld(held), own: { kind: 'other', event }, held: null };
  }
  switch (event.kind) {
    case 'session.opened':
    case 'step.started':
      return { ended: endHeld(held), own: null, held: event };
    case 'context.loaded':
      return held?.kind === 'session.opened'
        ? { ended: null, own: { kind: 'opened', opened: held, loaded: event }, held: null }
        : { ended: endHeld(held), own: { kind: 'other', event }, held: null };
    case 'step.finished': {
      const started = held?.kind === 'step.started' && held.step === event.step ? held : null;
      const ended = started ? null : endHeld(held);
      return { ended, own: { kind: 'step', started, finished: event }, held: null };
    }
    case 'model.answered': {
      const isWithin = held?.kind === 'step.started' && event.purpose === 'sub_call';
      const own = { kind: 'other', event } as const;
      return isWithin ? { ended: null, own, held } : { ended: endHeld(held), own, held: null };
    }
    case 'loop.started':
    case 'loop.finished':
    case 'session.stopped':
    case 'session.finalized':
    case 'session.replayed':
    case 'session.closed':
    case 'file.written':
    case 'shell.finished':
      return { ended: endHeld(held), own: { kind: 'other', event }, held: null };
  }
}

/** Where no more events come. */
export function endHeld(held: HeldEvent): TraceEntry | null {
  switch (held?.kind) {
    case undefined:
      return null;
    case 'session.opened':
      return { kind: 'opened', opened: held, loaded: null };
    case 'step.started':
      return { kind: 'step', started: held, finished: null };
  }
}

/** `sessionId`: whose trace it is. */
export function toAction(entry: TraceEntry, sessionId: string): TraceAction {
  switch (entry.kind) {
    case 'opened':
      return 'init_context';
    case 'step':
      return 'run_repl';
    case 'other':
      return toEventAction(entry.event, sessionId);
  }
}
