// Turns what a guest says of a step into the outcome the host stands for: text capped again, and
// interruptions classified by the host's own flag, never by the guest's error.

import { type CutText, cutMarked, cutText } from '../base/text';
import type { Interruption, Outcome, StepError, VariableValue } from '../core/sandbox';
import { maxAnswerChars } from '../core/sessionErrors';
import type { GuestOutcome } from '../protocol/worker';

/** Of all names of variables, and of all that is said of changes: a step's line in its trace is bounded. */
const maxListedChars = 100_000;

export function toOutcome(guest: GuestOutcome, maxOutputChars: number): Outcome {
  const stdout = cutText(guest.stdout, maxOutputChars);
  const stderr = cutText(guest.stderr, maxOutputChars);
  const result = guest.result === null ? null : cutText(guest.result, maxOutputChars);
  return {
    ...guest,
    stdout: stdout.text,
    stderr: stderr.text,
    result: result?.text ?? null,
    finalAnswer: guest.finalAnswer === null ? null : cutMarked(guest.finalAnswer, maxAnswerChars),
    variables: cutList(guest.variables, (name) => name.length),
    changes: cutList(
      guest.changes,
      ({ name, type, preview, hash }) => `${name}${type}${preview}${hash ?? ''}`.length,
    ),
    dropped: {
      stdout: guest.dropped.stdout + countCut(stdout),
      stderr: guest.dropped.stderr + countCut(stderr),
      result: guest.dropped.result + (result ? countCut(result) : 0),
    },
    interruption: null,
    stateLost: false,
  };
}

function countCut({ text, totalChars }: CutText): number {
  return totalChars - text.length;
}

/** A page of at most `maxChars` characters, each of which may be two UTF-16 units: the worker is not trusted. */
export function toValue(value: VariableValue, maxChars: number): VariableValue {
  const { text } = cutText(value.text, 2 * maxChars);
  const isWhole = text.length === value.text.length;
  return isWhole
    ? value
    : { ...value, text, incomplete: 'its worker sent more than was asked for' };
}

function cutList<T>(items: readonly T[], toChars: (item: T) => number): T[] {
  let chars = 0;
  const end = items.findIndex((item) => (chars += toChars(item)) > maxListedChars);
  return items.slice(0, end === -1 ? items.length : end);
}

export function createInterruptedOutcome(
  outcome: Outcome,
  interruption: Interruption,
  timeoutMs: number,
): Outcome {
  const error: StepError = {
    ...interruptionError(interruption, timeoutMs, 'Its variables, and all earlier ones, are kept.'),
    line: outcome.error?.line ?? null,
    traceback: outcome.error?.traceback ?? '',
  };
  const abridged = outcome.abridged.filter((field) => field !== 'result');
  return { ...outcome, abridged, result: null, error, interruption };
}

export interface LostStep {
  readonly interruption: Interruption | null;
  readonly lostBy: string | null;
  readonly timeoutMs: number;
  readonly elapsedMs: number;
  /** What the code had made before, without the contexts. */
  readonly variables: readonly string[];
  /** The files lay in the worker's memory. */
  readonly filesLost: boolean;
}

/** So many of the lost variables are named. */
const namedVariables = 20;

/** The worker is gone, and with it all that the code had made. */
export function createLostOutcome(lost: LostStep): Outcome {
  const files = lost.filesLost ? ' Files in /work and /tmp are gone with it.' : '';
  const tail = `${toLoss(lost.variables)}${files} The contexts are kept.`;
  const error =
    lost.interruption === null
      ? {
          type: 'SandboxCrash',
          message: `The step broke its engine (${lost.lostBy ?? 'unknown'}). ${tail}`,
        }
      : interruptionError(
          lost.interruption,
          lost.timeoutMs,
          `The code did not let go: one call of a built-in function, such as sum(range(10**11)) or Array(2**32 - 1).join(), cannot be interrupted, nor in time a Python loop of which each turn calls such for more than some 30 ms; a loop of quicker statements or a generator expression can: sum(x for x in …). ${tail}`,
        );
  return {
    stdout: '',
    stderr: '',
    dropped: { stdout: 0, stderr: 0, result: 0 },
    abridged: [],
    result: null,
    error: { ...error, line: null, traceback: '' },
    variables: [],
    changes: [],
    finalAnswer: null,
    durationMs: lost.elapsedMs,
    interruption: lost.interruption,
    stateLost: true,
  };
}

function toLoss(variables: readonly string[]): string {
  if (variables.length === 0) {
    return 'What this step made and printed is lost; there were no variables before it.';
  }
  const names = variables.slice(0, namedVariables).map((name) => name.slice(0, 100));
  const more = variables.length - names.length;
  const others = more > 0 ? ` and ${more} more` : '';
  return `What this step made and printed is lost, and all variables with it: ${names.join(', ')}${others}. Run the steps that made them again.`;
}

function interruptionError(
  interruption: Interruption,
  timeoutMs: number,
  tail: string,
): Pick<StepError, 'type' | 'message'> {
  return interruption === 'timeout'
    ? {
        type: 'TimeoutError',
        message: `The step ran longer than ${Math.round(timeoutMs)} ms and was interrupted. ${tail}`,
      }
    : { type: 'CancelledError', message: `The step was interrupted on request. ${tail}` };
}
