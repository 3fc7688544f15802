// What the model is told of a step: capped output, the error with its line, changed variables, and
// what the limits leave.

import { cutMiddle, toCounted, toOneLine } from '../base/text';
import type { Limits } from '../core/limits';
import type { Outcome, StepError, VariableInfo } from '../core/sandbox';
import { countDropped, toShownTexts } from '../core/shownTexts';
import type { StepResult } from '../core/stepRun';

const stdoutChars = 6_000;
const stderrChars = 1_000;
const resultChars = 2_000;
const errorChars = 1_500;
const shownChanges = 20;
const previewChars = 100;

export interface Observed {
  readonly step: StepResult;
  readonly code: string;
  readonly limits: Limits;
  readonly iteration: number;
  readonly maxIterations: number;
  /** Why an answer that the code gave was not taken; null when there is nothing to say. */
  readonly refusal: string | null;
}

export function describeStep(observed: Observed): string {
  const { outcome } = observed.step;
  const texts = toShownTexts(outcome);
  const parts = [
    `Step ${observed.step.step} ran.`,
    toSection('stdout', texts.stdout, stdoutChars),
    toSection('stderr', texts.stderr, stderrChars),
    toSection('value of the last line', texts.result ?? '', resultChars),
    outcome.error ? describeError(outcome.error, observed.code) : '',
    describeInterruption(outcome),
    describeChanges(outcome),
    countDropped(outcome) > 0
      ? 'What is beyond the marks was not kept: print less, or look at a variable in parts.'
      : '',
    isSilent(outcome) ? 'It printed nothing. Print what you need to see.' : '',
    observed.refusal ?? '',
    describeStanding(observed),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What is left, and that the end is near where it is. */
export function describeStanding(
  standing: Pick<Observed, 'limits' | 'iteration' | 'maxIterations'> & {
    readonly step: Pick<StepResult, 'usage'>;
  },
): string {
  const { limits, iteration, maxIterations } = standing;
  const { usage } = standing.step;
  const stepsLeft = Math.max(0, limits.maxSteps - usage.steps);
  const repliesLeft = Math.min(maxIterations - iteration, stepsLeft);
  const left = [
    ...(stepsLeft < maxIterations - iteration ? [toCounted(stepsLeft, 'step')] : []),
    `${Math.max(0, Math.round((limits.maxRuntimeMs - usage.runtimeMs) / 1_000))} s of run time`,
    `${toCount(limits.budgetLimit - usage.budgetUsed)} characters of code and output`,
    `${toCount(limits.maxLlmCalls - usage.llmCalls)} model calls`,
  ].join(', ');
  const hint =
    repliesLeft === 1 ? ' The next reply is the last one: hand in your answer with it.' : '';
  return `(Iteration ${iteration} of ${maxIterations} is over. Left: ${left}.${hint})`;
}

/** `name: type(size) preview` in one line. */
export function describeVariable({ name, type, size, preview }: VariableInfo): string {
  const kind = size === null ? type : `${type}(${toCount(size)})`;
  return `${name}: ${kind} ${toOneLine(preview, previewChars)}`.trimEnd();
}

function describeError(error: StepError, code: string): string {
  const message = cutMiddle(`${error.type}: ${error.message}`, errorChars);
  if (error.line === null) {
    return `It raised ${message}`;
  }
  const line = code.split('\n')[error.line - 1] ?? '';
  return `It raised in line ${error.line} (\`${toOneLine(line, 200)}\`): ${message}`;
}

function describeInterruption({ interruption, stateLost }: Outcome): string {
  const why =
    interruption === 'timeout'
      ? 'It ran too long and was interrupted: do less in one step, or batch.'
      : interruption === 'cancelled'
        ? 'The user interrupted it.'
        : '';
  return stateLost ? `${why} All variables but the context are gone.`.trim() : why;
}

function describeChanges({ changes }: Outcome): string {
  if (changes.length === 0) {
    return '';
  }
  const lines = changes
    .slice(0, shownChanges)
    .map((change) =>
      change.change === 'removed'
        ? `- ${change.name}`
        : `${change.change === 'added' ? '+' : '~'} ${describeVariable(change)}`,
    );
  const more = changes.length - lines.length;
  return ['variables:', ...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function isSilent({ stdout, result, error, changes }: Outcome): boolean {
  return stdout === '' && result === null && error === null && changes.length === 0;
}

function toSection(title: string, text: string, maxChars: number): string {
  return text === '' ? '' : `${title}:\n${cutMiddle(text, maxChars).replace(/\n$/u, '')}`;
}

function toCount(value: number): string {
  return Math.max(0, value).toLocaleString('en');
}
