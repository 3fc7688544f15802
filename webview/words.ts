// The viewer's own words, beside those that every export shares.

import { toOneLine } from '../src/base/text';
import type { VariableInfo } from '../src/core/sandbox';
import {
  finishWords,
  stopWords,
  toCountText,
  toDurationText,
  toPluralText,
  verdictWords,
} from '../src/export/wording';
import type { IconName } from './icons';
import type { MarkEvent, ShownVerdict, TraceStep } from './model/trace';
import type { VariableVersion } from './model/variables';

export const shownVerdictWords: Readonly<Record<ShownVerdict, string>> = {
  ...verdictWords,
  running: 'Running',
};

export const verdictIcons: Readonly<Record<ShownVerdict, IconName>> = {
  ok: 'check',
  error: 'cross',
  stopped: 'stop',
  unfinished: 'dash',
  running: 'running',
};

export const changeWords: Readonly<Record<VariableVersion['change'], string>> = {
  added: 'added',
  changed: 'changed',
  removed: 'removed',
  lost: 'lost',
  loaded: 'loaded',
};

const excerptChars = 160;

/** The line that tells most of a step's code. */
export function toExcerpt({ code, calls }: TraceStep): string {
  if (code === null) {
    return toPluralText(calls.length, 'sub-model call');
  }
  const lines = code.split('\n', 40).map((line) => line.trim());
  const telling = lines.find((line) => line !== '' && !/^(#|\/\/|import |from )/u.test(line));
  return (telling ?? lines[0] ?? '').slice(0, excerptChars);
}

/** What there is to know of a step in a list, in the order of its weight. */
export function toStepFacts(step: TraceStep, verdict: ShownVerdict): string {
  const { outcome, calls, stop } = step;
  const outputChars = outcome ? outcome.stdout.length + outcome.stderr.length : 0;
  const facts = [
    verdict === 'running' ? 'Running' : null,
    verdict === 'unfinished' ? 'Did not finish' : null,
    outcome?.error ? outcome.error.type : null,
    stop === null ? null : 'Guardrail stop',
    calls.length > 0 ? toPluralText(calls.length, 'call') : null,
    outcome && outcome.changes.length > 0 ? toPluralText(outcome.changes.length, 'variable') : null,
    outputChars > 0 ? `${toCountText(outputChars)} chars out` : null,
    (outcome?.finalAnswer ?? null) === null ? null : 'Final answer',
  ];
  const known = facts.filter((fact) => fact !== null);
  const result = outcome?.result ?? null;
  return known.length === 0 && result !== null ? toOneLine(result, 80) : known.join(' · ');
}

export interface MarkText {
  readonly icon: IconName;
  readonly tone: 'muted' | 'good' | 'warning';
  readonly title: string;
  readonly detail: string;
}

export function toMarkText(event: MarkEvent): MarkText {
  switch (event.kind) {
    case 'context.loaded': {
      const { variable, sourceCount, totalChars, kind } = event.context;
      const sources = toPluralText(sourceCount, kind === 'text' ? 'text' : 'file');
      const detail = `${sources}, ${toPluralText(totalChars, 'character')}`;
      return { icon: 'file', tone: 'muted', title: `Loaded ${variable}`, detail };
    }
    case 'loop.started': {
      const detail = toOneLine(event.task, excerptChars);
      return { icon: 'play', tone: 'muted', title: 'Run started', detail };
    }
    case 'loop.finished': {
      const { finishReason, iterations } = event;
      const isAnswered = finishReason === 'submitted' || finishReason === 'max_iterations';
      const detail = `${capitalize(finishWords[finishReason])}, ${toPluralText(iterations, 'iteration')}`;
      return {
        icon: isAnswered ? 'check' : 'stop',
        tone: isAnswered ? 'good' : 'warning',
        title: 'Run ended',
        detail,
      };
    }
    case 'session.stopped':
      return {
        icon: 'stop',
        tone: 'warning',
        title: 'Stopped',
        detail: capitalize(stopWords[event.cause]),
      };
    case 'session.finalized': {
      const reason = event.finishReason;
      const from = event.fromVariable === null ? '' : `From ${event.fromVariable}`;
      const detail = reason === 'completed' ? from : capitalize(stopWords[reason]);
      return { icon: 'flag', tone: 'good', title: 'Finalized', detail };
    }
    case 'session.closed':
      return { icon: 'power', tone: 'muted', title: 'Closed', detail: capitalize(event.reason) };
    case 'session.replayed': {
      const differences = toPluralText(event.differenceCount, 'difference');
      const detail = `${toPluralText(event.stepsRun, 'step')} run again, ${differences}`;
      const tone = event.differenceCount > 0 ? 'warning' : 'muted';
      return { icon: 'replay', tone, title: 'Replayed', detail };
    }
  }
}

/** `list, 312 items` as a table shows it: the type, and its size where there is one. */
export function toSizeText({ size }: Pick<VariableInfo, 'size'>): string {
  return size === null ? '' : toCountText(size);
}

/** `09:30:12`, in the time of the reader. */
export function toClockText(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}

/** `2026-07-27 09:30:12`, in the time of the reader. */
export function toDateText(at: number): string {
  return `${new Date(at).toLocaleDateString('sv-SE')} ${toClockText(at)}`;
}

/** Places on the axis: `0 s`, `1.5 s`, `2 min 5 s`. */
export function toTickText(ms: number): string {
  return ms === 0 ? '0' : toDurationText(ms);
}

export function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
