// The error of a place that cannot be had on this machine.

import { RlmError } from '../../core/errors';

/** `nextStep`: the command that would make it work, or what to use instead. */
export function createUnavailable(message: string, nextStep: string): RlmError {
  return new RlmError('BACKEND_UNAVAILABLE', message, { nextStep });
}
