// Runs given code step by step and prints what it prints; the exit code says how it ended.

import { neverAborted } from '../../base/abort';
import { toRlmError } from '../../core/errors';
import { toHandedIn } from '../../core/offeredAnswer';
import type { ReplayReport } from '../../core/replayRun';
import type { Session } from '../../core/session';
import { countDropped, toShownTexts } from '../../core/shownTexts';
import type { StepResult } from '../../core/stepRun';
import type { Cli } from '../cli';
import {
  type ExitCode,
  exitCodes,
  toErrorDocument,
  toFailureCode,
  toFailureText,
} from '../failure';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { renderDropped, renderError } from '../render/step';
import type { Terminal } from '../terminal';

export const notTaken =
  'The answer that the code gave was not taken, because the code did not run to its end.';

interface RunCodeOptions {
  readonly cli: Pick<Cli, 'terminal' | 'interrupts'>;
  /** Print nothing but one JSON document at the end. */
  readonly asJson: boolean;
  /** What was run again before, or null. */
  readonly replay: ReplayReport | null;
}

/** Stops after a step that raises, is interrupted, or reaches a guardrail. */
export async function runCode(
  session: Session,
  steps: readonly string[],
  { cli, asJson, replay }: RunCodeOptions,
): Promise<ExitCode> {
  const { terminal } = cli;
  const results: StepResult[] = [];
  const print = (more: object = {}): void =>
    terminal.print(
      toJsonText({ ...toDocument(session, results), ...(replay && { replay }), ...more }),
    );
  let answer: string | null;
  try {
    await cli.interrupts.during((signal) =>
      runSteps(session, steps, {
        signal,
        onResult: (result) => {
          results.push(result);
          if (!asJson && !terminal.outputFault) {
            printStep(result, terminal);
          }
        },
      }),
    );
    const given = results.findLast(({ outcome }) => outcome.finalAnswer !== null);
    answer = await finalizeAnswer(session, given);
    if (given && answer === null) {
      terminal.printError(terminal.errorStyle.yellow(notTaken));
    }
  } catch (thrown) {
    const error = toRlmError(thrown);
    if (!asJson || terminal.outputFault) {
      throw error;
    }
    terminal.printError(toFailureText(error, terminal));
    print({ error: toErrorDocument(error) }); // the steps before it are told as well
    return toFailureCode(error);
  }
  if (asJson) {
    print();
  } else if (answer !== null) {
    terminal.print(toShown(answer, terminal));
  }
  const last = results.at(-1);
  return last ? toExitCode(last) : exitCodes.ok;
}

async function runSteps(
  session: Session,
  steps: readonly string[],
  run: { readonly signal: AbortSignal; readonly onResult: (result: StepResult) => void },
): Promise<void> {
  for (const code of steps) {
    const result = await session.runStep({ code }, run.signal);
    run.onResult(result);
    if (toExitCode(result) !== exitCodes.ok) {
      return;
    }
  }
}

/** Ends the session with what its code last gave to FINAL, if it did and ran to its end. */
async function finalizeAnswer(
  session: Session,
  given: StepResult | undefined,
): Promise<string | null> {
  const answer = given ? toHandedIn(given.outcome) : null;
  if (answer !== null) {
    await session.finalize({ text: answer }, neverAborted);
  }
  return answer;
}

function toExitCode({ outcome, stop }: StepResult): ExitCode {
  if (outcome.interruption === 'cancelled') {
    return exitCodes.interrupted;
  }
  if (stop !== null || outcome.interruption === 'timeout') {
    return exitCodes.guardrail;
  }
  return outcome.error ? exitCodes.failed : exitCodes.ok;
}

function printStep({ outcome, stop }: StepResult, terminal: Terminal): void {
  const { errorStyle } = terminal;
  for (const text of [outcome.stdout, outcome.result ?? '']) {
    if (text !== '') {
      terminal.print(toShown(text, terminal).replace(/\n$/u, ''));
    }
  }
  const notes = [
    toPrintable(outcome.stderr.replace(/\n$/u, '')),
    renderDropped(outcome, errorStyle),
    renderError(outcome, errorStyle),
    stop === null ? '' : errorStyle.yellow(`Guardrail ${stop} stopped the session.`),
  ];
  for (const note of notes.filter((text) => text !== '')) {
    terminal.printError(note);
  }
}

/** As it is for a program that reads it; harmless for a terminal. */
function toShown(text: string, terminal: Terminal): string {
  return terminal.isOutputShown ? toPrintable(text) : text;
}

function toDocument(session: Session, results: readonly StepResult[]): object {
  const { status, usage, contexts, finalAnswer } = session.summary;
  return {
    sessionId: session.id,
    status,
    context: contexts[0] ?? null,
    steps: results.map(({ step, outcome, stop, durationMs }) => ({
      stepIndex: step,
      ...toShownTexts(outcome),
      error: outcome.error,
      variablesChanged: outcome.changes,
      guardrailStop: stop,
      interruption: outcome.interruption,
      truncated: countDropped(outcome) > 0 || outcome.abridged.length > 0,
      dropped: outcome.dropped,
      durationMs: Math.round(durationMs),
    })),
    finalAnswer,
    usage,
  };
}
