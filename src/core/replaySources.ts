// Texts of a record that are not what they were when it is run again: which is told, what a replay goes on
// without, and what can still be read then.

import { RlmError } from './errors';
import type { ContextInfo } from './context';
import type { ReplayDifference } from './event';
import type { RecordedContext } from './history';
import type { Outcome, VariableChange } from './sandbox';

/**
 * The contexts that a replay went on without, so that what does not depend on them can be read: of each variable
 * it knows whether its content is surely what the record says.
 */
export class LostSources {
  readonly #errors = new Map<string, RlmError>();
  readonly #unsure = new Set<string>();

  /** Null while nothing is lost. */
  get error(): RlmError | null {
    const [first = null] = this.#errors.values();
    return first;
  }

  /** `variable`: which the context would have been bound to. */
  add(variable: string, error: RlmError): void {
    this.#errors.set(variable, error);
  }

  takeStep(recorded: Outcome, replayed: Outcome): void {
    const before = new Map(recorded.changes.map((change) => [change.name, change]));
    const now = new Map(replayed.changes.map((change) => [change.name, change]));
    for (const name of new Set([...before.keys(), ...now.keys()])) {
      if (isSurelySame(before.get(name), now.get(name))) {
        this.#unsure.delete(name);
      } else {
        this.#unsure.add(name);
      }
    }
  }

  /** @throws RlmError of the context that is lost, unless the variable is surely what it was. */
  requireSure(name: string): void {
    const own = this.#errors.get(name);
    const unsure = this.#unsure.has(name) ? this.error : null;
    const error = own ?? unsure;
    if (error) {
      throw new RlmError(error.code, `${name} cannot be read. ${error.message}`, {
        cause: error,
        nextStep: `${error.nextStep} Its last preview is in the trace.`,
      });
    }
  }
}

/** What was removed in both runs is as gone as it was; a value without a hash of all of it may be another. */
function isSurelySame(before: VariableChange | undefined, now: VariableChange | undefined) {
  if (before && now && before.change === 'removed') {
    return now.change === 'removed';
  }
  const hash = before?.hash ?? null;
  return hash !== null && !hash.startsWith(partMark) && hash === now?.hash;
}

/** Before the hash of a value of which not everything went in. */
const partMark = '~';

/**
 * Why a record cannot be run again: which text is not there as it was, what it was, and what can be done.
 * `thrown`: by loading it; what says nothing of the text is given back as it is.
 */
export function toSourceError({ loaded }: RecordedContext, thrown: unknown): unknown {
  if (!(thrown instanceof RlmError) || !sourceCodes.has(thrown.code)) {
    return thrown;
  }
  const { context, step, given } = loaded;
  const what = given.paths.length > 1 ? 'files' : 'file';
  const restore =
    thrown.code === 'PATH_NOT_ALLOWED'
      ? 'Let its folder be read again (start the server with `--root <folder>`, or open it as a workspace folder)'
      : given.paths.length === 0
        ? 'Put the home folder’s files back as they were'
        : `Put the ${what} back as recorded (${describeContext(context)})`;
  const fork = step > 0 ? `fork it at step ${step} or before (rlm_fork), or ` : '';
  return new RlmError(
    thrown.code,
    `The session’s variables cannot be rebuilt, as its text ${context.variable} is not there as it was: ${thrown.message}`,
    {
      cause: thrown,
      nextStep:
        `${restore}, and call again; or ${fork}open a new session over the text where it is now ` +
        '(rlm_init_context). What the session did can be read all the same (rlm_get_trace).',
    },
  );
}

const sourceCodes: ReadonlySet<string> = new Set([
  'INVALID_INPUT',
  'PATH_NOT_ALLOWED',
  'CONTEXT_TOO_LARGE',
]);

/** Of a text that was given inline, and which its trace no longer has beside it. */
export function textGoneError(name: string): RlmError {
  return new RlmError(
    'INVALID_INPUT',
    `the given text, kept beside the trace as ${name}, is no longer there.`,
    { nextStep: 'Put it back.' },
  );
}

/** @throws RlmError where a file has become a folder, or the other way round: code meant for one fits no other. */
export function checkShape(recorded: ContextInfo, now: ContextInfo): void {
  if (recorded.shape !== now.shape) {
    const [was, is] = now.shape === 'mapping' ? ['a file', 'a folder'] : ['a folder', 'a file'];
    const [source] = recorded.sources;
    throw new RlmError('INVALID_INPUT', `${source?.path ?? 'it'} was ${was} and is ${is}.`, {
      nextStep: 'Put it back.',
    });
  }
}

/** To stand in a difference, for a context that was not loaded. */
export function toNotLoaded(
  { loaded: { context } }: RecordedContext,
  error: RlmError,
): ReplayDifference {
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return {
    step: 0,
    field: `context ${context.variable}`,
    recorded: describeContext(context),
    replayed: `${notLoaded}${cause}`,
  };
}

/**
 * On texts that have changed since they were recorded, or were not loaded, and what to do; null where none has.
 * `differences`: of a replay.
 */
export function describeChangedTexts(differences: readonly ReplayDifference[]): string | null {
  const contexts = differences.filter(
    ({ step, field }) => step === 0 && field.startsWith(contextField),
  );
  const lost = contexts.filter(({ replayed }) => replayed.startsWith(notLoaded));
  const changed = contexts.filter((one) => !lost.includes(one));
  const sentences = [
    ...(changed.length === 0 ? [] : [toChangedText(changed, differences)]),
    ...lost.map(
      ({ field, replayed }) =>
        `The text of ${field.slice(contextField.length)} was ${replayed} Only variables that are surely what they were can be read.`,
    ),
  ];
  return sentences.length === 0 ? null : sentences.join(' ');
}

function toChangedText(
  changed: readonly ReplayDifference[],
  differences: readonly ReplayDifference[],
): string {
  const names = changed.map(({ field }) => field.slice(contextField.length)).join(', ');
  const sources = differences
    .filter(({ step, field }) => step === 0 && field.startsWith('source '))
    .slice(0, shownSources)
    .map(({ recorded, replayed }) => `${recorded} → ${replayed}`);
  const shown = sources.length > 0 ? ` (${sources.join('; ')})` : '';
  return (
    `The text of ${names} has changed since it was recorded${shown}: the variables are those of the text as it is now. ` +
    'What was found before may no longer hold: look again, or put the text back and fork the session (rlm_fork).'
  );
}

const contextField = 'context ';
const notLoaded = 'not loaded: ';
const shownSources = 3;

function describeContext({ totalChars, sources, sourceCount, hash }: ContextInfo): string {
  const [source] = sources;
  return sourceCount === 1 && source
    ? `${source.chars.toLocaleString('en')} characters, SHA-256 ${source.hash}`
    : `${totalChars.toLocaleString('en')} characters in ${sourceCount} sources, SHA-256 ${hash}`;
}
