// Why a call of the app-server has no result.

import { RlmError, cancelledError } from '../../core/errors';

export type CallFailure = 'refused' | 'no answer' | 'ended' | 'cancelled' | 'unreadable';

/** Rules go by `kind`, never by the message: Codex gives the same code for whatever it refuses. */
export class CallError extends Error {
  constructor(
    readonly kind: CallFailure,
    readonly method: string,
    message: string,
  ) {
    super(message);
    this.name = 'CallError';
  }
}

/** What a caller of the driver is told of it. */
export function toDriverError(thrown: unknown, doing: string): RlmError {
  if (thrown instanceof RlmError) {
    return thrown;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (!(thrown instanceof CallError)) {
    return new RlmError('INTERNAL_ERROR', `${doing}: ${message}`, {
      cause: thrown,
      nextStep: 'Try again; if it happens again, report it with the log.',
    });
  }
  switch (thrown.kind) {
    case 'cancelled':
      return cancelledError(doing);
    case 'refused':
      return new RlmError('INVALID_INPUT', `${doing}: Codex refused it: ${message}`, {
        cause: thrown,
        nextStep: 'Change what the message names; rlm_status tells which Codex this is.',
      });
    case 'no answer':
    case 'ended':
    case 'unreadable':
      return new RlmError('BACKEND_UNAVAILABLE', `${doing}: ${message}`, {
        cause: thrown,
        nextStep: 'Resume the run: that starts Codex anew.',
      });
  }
}
