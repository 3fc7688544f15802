// What was thrown, as an RlmError of this bundle.

import { RlmError, errorCodes, toRlmError, type ErrorCode } from '../core/errors';

/** The engine is a bundle with classes of its own, so its errors are known by their shape. */
export function toFailure(thrown: unknown): RlmError {
  if (!(thrown instanceof Error) || thrown instanceof RlmError || thrown.name !== 'RlmError') {
    return toRlmError(thrown);
  }
  const code = 'code' in thrown ? errorCodes.find((one) => one === thrown.code) : undefined;
  const nextStep = 'nextStep' in thrown ? thrown.nextStep : undefined;
  return code !== undefined && typeof nextStep === 'string'
    ? new RlmError(code, thrown.message, { cause: thrown, nextStep })
    : toRlmError(thrown);
}

/** Whether `thrown` says `code`, whichever bundle threw it. */
export function isFailure(thrown: unknown, code: ErrorCode): boolean {
  return toFailure(thrown).code === code;
}
