// The one place where what went wrong becomes words on stderr and an exit code.

import { CommanderError } from 'commander';
import { RlmError, toRlmError, type ErrorCode } from '../core/errors';
import { toPrintable } from './render/printable';
import type { Terminal } from './terminal';

export const exitCodes = { ok: 0, failed: 1, usage: 2, guardrail: 3, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeHelp = `Exit codes:
  0    done
  1    the work failed, or the code raised an error
  2    the command line or a path on it is wrong
  3    a guardrail stopped the code
  130  interrupted`;

/** Codes that do not mean "the work failed". */
const exitCodeOf: Partial<Record<ErrorCode, ExitCode>> = {
  INVALID_INPUT: exitCodes.usage,
  PATH_NOT_ALLOWED: exitCodes.usage,
  GUARDRAIL_STOPPED: exitCodes.guardrail,
  CANCELLED: exitCodes.interrupted,
};

/** Tells the person what happened and what to do next. */
export function reportFailure(thrown: unknown, terminal: Terminal): ExitCode {
  if (thrown instanceof CommanderError) {
    return thrown.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // commander has said why
  }
  const error = toRlmError(thrown);
  terminal.printError(toFailureText(error, terminal));
  return exitCodeOf[error.code] ?? exitCodes.failed;
}

export function toFailureText(error: RlmError, { errorStyle }: Terminal): string {
  const head = errorStyle.red(`${error.code}: ${toPrintable(error.message)}`);
  return `${head}\n${errorStyle.dim(`Next: ${toPrintable(error.nextStep)}`)}`;
}

export function usageError(message: string, nextStep: string): RlmError {
  return new RlmError('INVALID_INPUT', message, { nextStep });
}
