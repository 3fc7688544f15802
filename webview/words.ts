// The viewer's own words, beside those that every export shares.

import { toOneLine } from '../src/base/text';
import { showControls } from '../src/base/visible';
import { toHandedIn } from '../src/core/offeredAnswer';
import type { VariableInfo } from '../src/core/sandbox';
import type { SessionStatus } from '../src/core/event';
import {
  finishWords,
  statusWords,
  stopWords,
  toCommandText,
  toCountText,
  toFileText,
  verdictWords,
} from '../src/export/wording';
import type { IconName } from './icons';
import { t, toPlural } from './l10n';
import type { MarkEvent, ShownVerdict, TraceStep } from './model/trace';
import type { VariableVersion } from './model/variables';

export function verdictWord(verdict: ShownVerdict): string {
  return verdict === 'running' ? t('Running') : t(verdictWords[verdict]);
}

export function statusWord(status: SessionStatus): string {
  return t(statusWords[status]);
}

/** How a session without a title is called. */
export function toTitle(title: string): string {
  return showControls(title) || t('Untitled session');
}

export const verdictIcons: Readonly<Record<ShownVerdict, IconName>> = {
  ok: 'check',
  error: 'cross',
  stopped: 'stop',
  unfinished: 'dash',
  running: 'running',
};

export const changeWords: Readonly<Record<VariableVersion['change'], string>> = {
  added: t('added'),
  changed: t('changed'),
  removed: t('removed'),
  lost: t('lost'),
  loaded: t('loaded'),
};

const excerptChars = 160;

/** The line that tells most of a step's code. */
export function toExcerpt({ code, calls }: TraceStep): string {
  if (code === null) {
    return toPlural(calls.length, 'sub-model call');
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
    verdict === 'running' ? t('Running') : null,
    verdict === 'unfinished' ? t('Did not finish') : null,
    outcome?.error ? outcome.error.type : null,
    stop === null ? null : t('Guardrail stop'),
    calls.length > 0 ? toPlural(calls.length, 'call') : null,
    outcome && outcome.changes.length > 0 ? toPlural(outcome.changes.length, 'variable') : null,
    outputChars > 0 ? t('{0} chars out', toCountText(outputChars)) : null,
    outcome && toHandedIn(outcome) !== null ? t('Final answer') : null,
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
      const sources = toPlural(sourceCount, kind === 'text' ? 'text' : 'file');
      const detail = `${sources}, ${toPlural(totalChars, 'character')}`;
      return { icon: 'file', tone: 'muted', title: t('Loaded {0}', variable), detail };
    }
    case 'loop.started': {
      const detail = toOneLine(event.task, excerptChars);
      return { icon: 'play', tone: 'muted', title: t('Run started'), detail };
    }
    case 'loop.finished': {
      const { finishReason, iterations } = event;
      const isAnswered = finishReason === 'submitted';
      const detail = `${capitalize(t(finishWords[finishReason]))}, ${toPlural(iterations, 'iteration')}`;
      return {
        icon: isAnswered ? 'check' : 'stop',
        tone: isAnswered ? 'good' : 'warning',
        title: t('Run ended'),
        detail,
      };
    }
    case 'file.written': {
      const title =
        event.side === 'sandbox'
          ? t('Uploaded {0}', event.path)
          : t('Downloaded to {0}', event.path);
      return { icon: 'file', tone: 'muted', title, detail: toFileText(event, t) };
    }
    case 'shell.finished': {
      const failed = event.exitCode !== 0 || event.interruption !== null;
      return {
        icon: 'play',
        tone: failed ? 'warning' : 'muted',
        title: t('Command'),
        detail: `${toOneLine(event.command, 80)}: ${toCommandText(event, t)}`,
      };
    }
    case 'session.stopped':
      return {
        icon: 'stop',
        tone: 'warning',
        title: t('Stopped'),
        detail: capitalize(t(stopWords[event.cause])),
      };
    case 'session.finalized': {
      const reason = event.finishReason;
      const from = event.fromVariable === null ? '' : t('From {0}', event.fromVariable);
      const detail = reason === 'completed' ? from : capitalize(t(stopWords[reason]));
      return { icon: 'flag', tone: 'good', title: t('Finalized'), detail };
    }
    case 'session.closed':
      return { icon: 'power', tone: 'muted', title: t('Closed'), detail: capitalize(event.reason) };
    case 'session.replayed': {
      const differences = toPlural(event.differenceCount, 'difference');
      const detail = t('{0} run again, {1}', toPlural(event.stepsRun, 'step'), differences);
      const tone = event.differenceCount > 0 ? 'warning' : 'muted';
      return { icon: 'replay', tone, title: t('Replayed'), detail };
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

export function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
