// What an export is made from, and its events put together step by step.

import type { ModelAnswered, TraceEvent } from '../core/event';
import type { StopReason } from '../core/limits';
import type { Outcome } from '../core/sandbox';
import type { Summary } from '../core/summary';

export interface ExportedTrace {
  /** The fold of `events`. */
  readonly summary: Summary;
  readonly events: readonly TraceEvent[];
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
}

export type StepVerdict = 'ok' | 'error' | 'stopped' | 'unfinished';

/** Steps in the order of the trace, whatever events of them it has. */
export function toSteps(events: readonly TraceEvent[]): readonly StepRecord[] {
  const steps = new Map<number, StepRecord & { readonly calls: ModelAnswered[] }>();
  for (const event of events) {
    const { kind, step } = event;
    if (kind !== 'step.started' && kind !== 'step.finished' && kind !== 'model.answered') {
      continue;
    }
    const record = steps.get(step) ?? {
      step,
      code: null,
      startedAt: null,
      outcome: null,
      stop: null,
      calls: [],
    };
    if (kind === 'step.started') {
      steps.set(step, { ...record, code: event.code, startedAt: event.at });
    } else if (kind === 'step.finished') {
      steps.set(step, { ...record, outcome: event.outcome, stop: event.stop });
    } else {
      record.calls.push(event);
      steps.set(step, record);
    }
  }
  return [...steps.values()];
}

export function toVerdict({ outcome, stop, code }: StepRecord): StepVerdict {
  if (!outcome) {
    return code === null ? 'ok' : 'unfinished';
  }
  if (outcome.error || outcome.interruption || outcome.stateLost) {
    return 'error';
  }
  return stop ? 'stopped' : 'ok';
}
