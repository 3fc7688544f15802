// Port: keeps traces. Implemented in src/store.

import type { Disposable } from '../base/disposable';
import type { Listen } from '../base/emitter';
import { RlmError } from './errors';
import type { SessionOpened, SessionStatus, TraceEvent } from './event';
import type { Summary } from './summary';
import type { UnreadableLines } from './unreadableLines';

export interface TraceStore extends Disposable {
  /** Starts a trace with its first event on disk. */
  createTrace(opened: SessionOpened): Promise<TraceSink>;
  /**
   * Goes on with the trace of a session whose engine is gone.
   * @throws RlmError 'SESSION_NOT_FOUND', or 'INVALID_INPUT' while another engine holds it.
   */
  reopenTrace(sessionId: string): Promise<TraceSink>;
  /** A text that `keepText` has kept; undefined when there is none. */
  readText(sessionId: string, name: string): Promise<string | undefined>;
  /** Undefined when there is no such session. */
  readSummary(sessionId: string): Promise<Summary | undefined>;
  listSummaries(query: SummaryQuery): Promise<SummaryPage>;
  /** @throws RlmError 'SESSION_NOT_FOUND' | 'INVALID_INPUT' (cursor) */
  readEvents(sessionId: string, query: EventQuery): Promise<EventPage>;
  /** By session, of all there are: another one after every change to its trace. */
  listMarks(): Promise<ReadonlyMap<string, string>>;
  /**
   * What a trace holds behind `position`, for those who follow it to its end again and again; null: from its beginning.
   * @throws RlmError 'SESSION_NOT_FOUND'
   */
  readOn(sessionId: string, position: string | null): Promise<TracePiece>;
  /** Removes a trace and everything kept beside it; false when there was none. */
  deleteTrace(sessionId: string): Promise<boolean>;
  readonly location: string;
  /** Bytes of all traces and what is kept beside them. */
  readSize(): Promise<{ readonly sessions: number; readonly bytes: number }>;
  /** Fires with the session id when a trace written by any engine has changed. */
  readonly onDidChange: Listen<string>;
  /** Fires with the session id when a trace is gone, whoever deleted it; `onDidChange` fires too. */
  readonly onDidDelete: Listen<string>;
}

/** Another engine has taken the session over while this one did not run, as a suspended machine does not. */
export class LeaseLostError extends RlmError {
  constructor() {
    super(
      'SESSION_NOT_FOUND',
      'Another engine has gone on with this session since this one last wrote to it: what this call did here is not part of the session.',
      {
        nextStep:
          'Read what became of the session with rlm_get_trace; then call again, which resumes it here once the other engine has let it go, or fork it with rlm_fork.',
      },
    );
  }
}

/** `verb`: what the other engine does with the session. */
export function heldElsewhere(verb: string): RlmError {
  return new RlmError('INVALID_INPUT', `Another running engine ${verb} this session.`, {
    nextStep: 'Go on there, or fork the session here with rlm_fork.',
  });
}

/** Appends to one trace, while this engine holds its lease. Events land in the order of the calls. */
export interface TraceSink {
  /**
   * Settles when the event would survive the death of this process.
   * @throws RlmError 'INVALID_INPUT' for an event that is too long to be written at all.
   * @throws LeaseLostError when another engine has taken the session over; so does all that follows.
   */
  append(event: TraceEvent): Promise<void>;
  /** @throws LeaseLostError */
  checkLease(): Promise<void>;
  /** Keeps a text given inline beside the trace, so that the session can be replayed. */
  keepText(name: string, text: string): Promise<void>;
  close(): Promise<void>;
}

/** Summaries that are read at the same time: each may be the scan of a whole trace. */
export const parallelReads = 16;

export interface SummaryQuery {
  readonly status: SessionStatus | null;
  readonly limit: number;
  readonly cursor: string | null;
}

export interface SummaryPage {
  /** Newest first. `contexts` of a listed summary may be empty: `readSummary` has them. */
  readonly summaries: readonly Summary[];
  readonly nextCursor: string | null;
}

/** Of a page, for those who read a whole trace. */
export const pageEvents = 500;

export interface EventQuery {
  readonly fromStep: number | null;
  readonly toStep: number | null;
  readonly cursor: string | null;
  readonly limit: number;
}

export interface PageGap extends UnreadableLines {
  /** Behind so many events of the page. */
  readonly index: number;
}

export interface EventPage {
  /** May be fewer than asked for where they are long; there are more as long as `nextCursor` is not null. */
  readonly events: readonly TraceEvent[];
  readonly nextCursor: string | null;
  /** Met on the way, of this page alone, in the order of the trace. */
  readonly unreadable: readonly PageGap[];
}

export interface TracePiece {
  readonly events: readonly TraceEvent[];
  /** Where the next piece begins. */
  readonly position: string;
  /** The trace is not the one that `position` was given out for, grown: these events are its first. */
  readonly isRestart: boolean;
  /** There is no more for now. */
  readonly isEnd: boolean;
  /** Lines among them that hold no event any more. */
  readonly unreadable: number;
}
