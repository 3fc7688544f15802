// What an export is made from, and its events put together step by step.

import type { ModelAnswered, TraceEvent } from '../core/event';
import type { StopReason } from '../core/limits';
import type { Outcome } from '../core/sandbox';
import type { Summary } from '../core/summary';
import type { UnreadableLines } from '../core/unreadableLines';

export interface ExportedTrace {
  /** The fold of `events`. */
  readonly summary: Summary;
  /** In the order of the trace; read once, and never all of them held. */
  readonly events: AsyncIterable<TraceEvent> | Iterable<TraceEvent>;
  /** Whether it says whose session it is, on a server with users; left out: it does not. */
  readonly showsUser?: boolean;
  /** What of the trace could not be read, as far as its events have been. */
  readonly readUnreadable?: () => readonly UnreadableLines[];
}

export interface StepRecord {
  readonly step: number;
  /** Null for sub-model calls outside any step. */
  readonly code: string | null;
  /** Epoch ms; null when the start is not in the trace. */
  readonly startedAt: number | null;
  /** Null when the step has not finished. */
  readonly outcome: Outcome | null;
  readonly stop: StopReason | null;
  readonly calls: readonly ModelAnswered[];
  /** What the model that writes the session's code said up to this step; the last reply has its code. */
  readonly thinking: readonly ModelAnswered[];
}

export type StepVerdict = 'ok' | 'error' | 'stopped' | 'unfinished';

/** Puts events together. Steps never decrease along a trace, so a step is whole when the next begins. */
export class StepReader {
  #record: StepRecord | null = null;
  #replies: ModelAnswered[] = [];

  /** The step that `event` shows to be whole, or null. */
  take(event: TraceEvent): StepRecord | null {
    const { kind, step } = event;
    if (kind === 'model.answered' && event.purpose === 'loop') {
      this.#replies.push(event);
      return null;
    }
    if (kind === 'loop.finished' || kind === 'file.written' || kind === 'shell.finished') {
      return this.end();
    }
    if (kind !== 'step.started' && kind !== 'step.finished' && kind !== 'model.answered') {
      return null;
    }
    const whole = this.#record?.step === step ? null : this.end();
    const record = this.#record ?? {
      step,
      code: null,
      startedAt: null,
      outcome: null,
      stop: null,
      calls: [],
      thinking: [],
    };
    if (kind === 'step.started') {
      const thinking = this.takeReplies();
      this.#record = { ...record, code: event.code, startedAt: event.at, thinking };
    } else if (kind === 'step.finished') {
      this.#record = { ...record, outcome: event.outcome, stop: event.stop };
    } else {
      (record.calls as ModelAnswered[]).push(event); // made above, and shown to nobody yet
      this.#record = record;
    }
    return whole;
  }

  /** What the model said since the last step, and no step has followed. */
  takeReplies(): readonly ModelAnswered[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  /** The step that no other one follows, or null. */
  end(): StepRecord | null {
    const record = this.#record;
    this.#record = null;
    return record;
  }
}

export function toVerdict({
  outcome,
  stop,
  code,
}: Pick<StepRecord, 'outcome' | 'stop' | 'code'>): StepVerdict {
  if (!outcome) {
    return code === null ? 'ok' : 'unfinished';
  }
  if (outcome.interruption === 'cancelled') {
    return 'stopped';
  }
  if (outcome.error || outcome.interruption || outcome.stateLost) {
    return 'error';
  }
  return stop ? 'stopped' : 'ok';
}
