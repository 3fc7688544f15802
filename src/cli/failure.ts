// The one place where what went wrong becomes words on stderr and an exit code.

import { CommanderError } from 'commander';
import { RlmError, toRlmError, type ErrorCode } from '../core/errors';
import { wordNextStep } from '../core/nextSteps';
import { toJsonText } from './render/json';
import { toPrintable } from './render/printable';
import type { Terminal } from './terminal';

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  guardrail: 3,
  interrupted: 130,
  readerGone: 141,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Above 128: 128 and the signal, as a shell tells it. */
const exitCodeTexts: Readonly<Record<ExitCode, string>> = {
  [exitCodes.ok]: 'done',
  [exitCodes.failed]:
    'the work failed, the code raised an error, or the output could not be written',
  [exitCodes.usage]: 'the command line or a path on it is wrong',
  [exitCodes.guardrail]: 'a guardrail stopped the code',
  [exitCodes.interrupted]: 'interrupted',
  [exitCodes.readerGone]: 'the reader of the output has gone, as with `| head`',
};

export const exitCodeHelp = [
  'Exit codes:',
  ...Object.entries(exitCodeTexts).map(([code, text]) => `  ${code.padEnd(5)}${text}`),
].join('\n');

/** Codes that do not mean "the work failed". */
const exitCodeOf: Partial<Record<ErrorCode, ExitCode>> = {
  INVALID_INPUT: exitCodes.usage,
  PATH_NOT_ALLOWED: exitCodes.usage,
  GUARDRAIL_STOPPED: exitCodes.guardrail,
  CANCELLED: exitCodes.interrupted,
};

/** Errors of a stream whose reader has closed it. Source: POSIX; EOF is what Windows says. */
const readerGoneCodes: readonly unknown[] = ['EPIPE', 'EOF', 'ECONNRESET'];

/** Tells the person what happened and what to do next; and, where JSON was asked for, a program. */
export function reportFailure(
  thrown: unknown,
  { terminal, asJson }: { readonly terminal: Terminal; readonly asJson: boolean },
): ExitCode {
  if (thrown instanceof CommanderError && thrown.exitCode === 0) {
    return exitCodes.ok; // help or version was asked for
  }
  const error = thrown instanceof CommanderError ? toUsageError(thrown) : toRlmError(thrown);
  if (!(thrown instanceof CommanderError)) {
    terminal.printError(toFailureText(error, terminal)); // commander has told its own
  }
  if (asJson) {
    terminal.print(toJsonText({ error: toErrorDocument(error) }, 0));
  }
  return toFailureCode(error);
}

export function toFailureCode(error: RlmError): ExitCode {
  return exitCodeOf[error.code] ?? exitCodes.failed;
}

/** What a program is told of an error. */
export function toErrorDocument(error: RlmError): object {
  const { code, message } = error;
  return { code, message, nextStep: wordNextStep(error.nextStep, 'cli') };
}

/** Says why stdout did not take all; a reader that has gone knows that itself. */
export function reportOutputFault(fault: Error, terminal: Terminal): ExitCode {
  if ('code' in fault && readerGoneCodes.includes(fault.code)) {
    return exitCodes.readerGone;
  }
  const error = new RlmError('INTERNAL_ERROR', `The output was cut off: ${fault.message}.`, {
    nextStep: 'Make room where it goes, or send it elsewhere, and run the command again.',
  });
  terminal.printError(toFailureText(error, terminal));
  return exitCodes.failed;
}

export function toFailureText(error: RlmError, { errorStyle }: Terminal): string {
  const head = errorStyle.red(`${error.code}: ${toPrintable(error.message)}`);
  const nextStep = wordNextStep(error.nextStep, 'cli');
  return `${head}\n${errorStyle.dim(`Next: ${toPrintable(nextStep)}`)}`;
}

export function usageError(message: string, nextStep: string): RlmError {
  return new RlmError('INVALID_INPUT', message, { nextStep });
}

function toUsageError({ message }: CommanderError): RlmError {
  return usageError(message.replace(/^error: /u, ''), 'Add --help to see how it is used.');
}
