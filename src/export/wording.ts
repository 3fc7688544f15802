// Numbers, times and the domain's words as people read them; the same in every format and locale.

import type { LoopFinished, ModelAnswered, SessionStatus, StopCause } from '../core/event';
import type { Limits, Usage } from '../core/limits';
import type { Language, Outcome } from '../core/sandbox';
import type { Summary } from '../core/summary';
import type { StepVerdict } from './exportedTrace';

export const statusWords: Readonly<Record<SessionStatus, string>> = {
  active: 'Active',
  stopped: 'Stopped',
  finalized: 'Finalized',
  interrupted: 'Interrupted',
};

export const languageWords: Readonly<Record<Language, string>> = {
  python: 'Python',
  javascript: 'JavaScript',
};

export const verdictWords: Readonly<Record<StepVerdict, string>> = {
  ok: 'OK',
  error: 'Error',
  stopped: 'Stopped',
  unfinished: 'Unfinished',
};

export const stopWords: Readonly<Record<StopCause, string>> = {
  max_steps: 'by a guardrail: all steps are used',
  timeout: 'by a guardrail: the time is used up',
  budget_exceeded: 'by a guardrail: the budget is used up',
  llm_limit: 'by a guardrail: the sub-model limit is reached',
  user: 'by the user',
  run_ended: 'at the end of its run, which has no answer',
};

/** How a run ended, to stand after "Ended". */
export const finishWords: Readonly<Record<LoopFinished['finishReason'], string>> = {
  ...stopWords,
  submitted: 'with the code’s answer',
  max_iterations: 'with an answer drawn from the variables: all iterations are used',
  cancelled: 'by a cancellation',
  failed: 'by a failure',
};

/** One sentence on how the session stands. */
export function toStatusSentence(summary: Summary): string {
  const why = summary.stopCause === null ? '' : ` ${stopWords[summary.stopCause]}`;
  switch (summary.status) {
    case 'active':
      return summary.running ? 'A step is running.' : 'Waiting for the next step.';
    case 'stopped':
      return `Stopped${why}.`;
    case 'finalized':
      return why === '' ? 'Ended with an answer.' : `Ended with an answer, after a stop${why}.`;
    case 'interrupted':
      return 'Its engine ended before the session did.';
  }
}

export interface Gauge {
  readonly name: string;
  readonly used: number;
  readonly allowed: number;
  /** Both with their unit. */
  readonly text: string;
}

export function toGauges(limits: Limits, usage: Usage): readonly Gauge[] {
  const toGauge = (
    name: string,
    [used, allowed]: readonly [number, number],
    toText = toCountText,
  ): Gauge => ({ name, used, allowed, text: `${toText(used)} of ${toText(allowed)}` });
  return [
    toGauge('Steps', [usage.steps, limits.maxSteps]),
    toGauge('Run time', [usage.runtimeMs, limits.maxRuntimeMs], toDurationText),
    toGauge('Budget (characters)', [usage.budgetUsed, limits.budgetLimit]),
    toGauge('Sub-model calls', [usage.llmCalls, limits.maxLlmCalls]),
    toGauge('Sub-model tokens', [usage.llmTokens, limits.maxLlmTokens]),
  ];
}

/** From 0 to 100, also when nothing is allowed. */
export function toPercent(used: number, allowed: number): number {
  if (allowed <= 0) {
    return used > 0 ? 100 : 0;
  }
  return Math.min(100, Math.max(0, (used / allowed) * 100));
}

/** What else there is to say of a step than its output. */
export function toOutcomeNotes(outcome: Outcome): readonly string[] {
  const notes: string[] = [];
  if (outcome.droppedChars > 0) {
    notes.push(`${toCountText(outcome.droppedChars)} more characters of output were not kept.`);
  }
  if (outcome.interruption !== null) {
    const why = outcome.interruption === 'timeout' ? 'its time was up' : 'it was cancelled';
    notes.push(`The step was interrupted: ${why}.`);
  }
  if (outcome.stateLost) {
    notes.push('The code did not let go: its variables are lost, the contexts were loaded again.');
  }
  return notes;
}

/** `12,345` */
export function toCountText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** `1 call`, `2,000 calls` */
export function toPluralText(count: number, noun: string): string {
  return `${toCountText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `11,204 prompt + 31 answer tokens`, `about …` where nobody counted, and what they cost. */
export function toTokensText(call: ModelAnswered): string {
  const { promptTokens, answerTokens, tokensEstimated, costUsd } = call;
  const about = tokensEstimated ? 'about ' : '';
  const cost = costUsd === null ? '' : `, $${costUsd.toFixed(costUsd < 0.1 ? 4 : 2)}`;
  return `${about}${toCountText(promptTokens)} prompt + ${toCountText(answerTokens)} answer tokens${cost}`;
}

/** `840 ms`, `1.2 s`, `2 min 5 s`, `1 h 4 min` */
export function toDurationText(ms: number): string {
  if (ms < 999.5) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 59_950) {
    return `${(ms / 1000).toFixed(1).replace('.0', '')} s`;
  }
  const seconds = Math.round(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const parts =
    hours > 0 ? [`${hours} h`, `${minutes} min`] : [`${minutes} min`, `${seconds % 60} s`];
  return parts.filter((part, index) => index === 0 || !part.startsWith('0 ')).join(' ');
}

/** `2026-07-27 09:30:00 UTC` */
export function toTimeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
