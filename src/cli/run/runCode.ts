// Runs given code step by step and prints what it prints; the exit code says how it ended.

import type { ReplayReport } from '../../core/replayRun';
import type { Session, StepResult } from '../../core/session';
import type { Cli } from '../cli';
import { type ExitCode, exitCodes } from '../failure';
import { toJsonText } from '../render/json';
import { toPrintable } from '../render/printable';
import { renderDropped, renderError } from '../render/step';
import type { Terminal } from '../terminal';

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
  const results = await cli.interrupts.during(async (signal) => {
    const done: StepResult[] = [];
    for (const code of steps) {
      const result = await session.runStep({ code }, signal);
      done.push(result);
      if (!asJson) {
        printStep(result, terminal);
      }
      if (toExitCode(result) !== exitCodes.ok) {
        break;
      }
    }
    return done;
  });
  const last = results.at(-1);
  const exitCode = last ? toExitCode(last) : exitCodes.ok;
  const answer =
    results.findLast(({ outcome }) => outcome.finalAnswer !== null)?.outcome.finalAnswer ?? null;
  if (answer !== null) {
    await session.finalize({ text: answer }, new AbortController().signal);
  }
  if (asJson) {
    terminal.print(toJsonText({ ...toDocument(session, results), ...(replay && { replay }) }));
  } else if (answer !== null) {
    terminal.print(toShown(answer, terminal));
  }
  return exitCode;
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
      stdout: outcome.stdout,
      stderr: outcome.stderr,
      result: outcome.result,
      error: outcome.error,
      variablesChanged: outcome.changes,
      guardrailStop: stop,
      interruption: outcome.interruption,
      truncated: outcome.droppedChars > 0,
      durationMs: Math.round(durationMs),
    })),
    finalAnswer,
    usage,
  };
}
