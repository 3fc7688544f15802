// The one exception of the domain: a stable code, a message, and what to do next.

export const errorCodes = [
  'INVALID_INPUT',
  'SESSION_NOT_FOUND',
  'SESSION_FINALIZED',
  'GUARDRAIL_STOPPED',
  'VAR_NOT_FOUND',
  'PATH_NOT_ALLOWED',
  'CONTEXT_TOO_LARGE',
  'SANDBOX_EXEC_ERROR',
  'MODEL_UNAVAILABLE',
  'BACKEND_UNAVAILABLE',
  'PROFILE_NOT_FOUND',
  'AGENT_NOT_FOUND',
  'CANCELLED',
  'INTERNAL_ERROR',
] as const;

/** Source: the tool contract, "Rules for every tool". */
export type ErrorCode = (typeof errorCodes)[number];

export interface RlmErrorOptions {
  readonly cause?: unknown;
  /** What the reader should do now, one sentence. */
  readonly nextStep: string;
}

export class RlmError extends Error {
  readonly code: ErrorCode;
  readonly nextStep: string;

  constructor(code: ErrorCode, message: string, options: RlmErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RlmError';
    this.code = code;
    this.nextStep = options.nextStep;
  }
}

/** Any thrown value as an RlmError; what is not ours becomes INTERNAL_ERROR. */
export function toRlmError(thrown: unknown): RlmError {
  if (thrown instanceof RlmError) {
    return thrown;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new RlmError('INTERNAL_ERROR', message, {
    cause: thrown,
    nextStep: 'Try again; if it happens again, report it with the log.',
  });
}

export function cancelledError(what: string): RlmError {
  return new RlmError('CANCELLED', `${what} was cancelled.`, {
    nextStep: 'The session and its variables are kept; call again when ready.',
  });
}
