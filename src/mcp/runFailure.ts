// A run's failure together with the session it left behind, whose trace shows how far it came.

import { RlmError, toRlmError } from '../core/errors';

export class RunFailure extends RlmError {
  readonly sessionId: string;

  constructor(cause: RlmError, sessionId: string) {
    super(cause.code, cause.message, { cause, nextStep: cause.nextStep });
    this.sessionId = sessionId;
  }
}

/** Null: the run had not opened a session yet. */
export function toRunFailure(thrown: unknown, sessionId: string | null): RlmError {
  const error = toRlmError(thrown);
  return sessionId === null ? error : new RunFailure(error, sessionId);
}
