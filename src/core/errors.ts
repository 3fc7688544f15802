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
  return (
    toOwn(thrown, message) ??
    new RlmError('INTERNAL_ERROR', message, {
      cause: thrown,
      nextStep: 'Try again; if it happens again, report it with the log.',
    })
  );
}

/** The engine and the extension are bundles with classes of their own, which know each other's by shape. */
function toOwn(thrown: unknown, message: string): RlmError | null {
  if (!(thrown instanceof Error) || thrown.name !== 'RlmError') {
    return null;
  }
  const code = 'code' in thrown ? errorCodes.find((one) => one === thrown.code) : undefined;
  const nextStep = 'nextStep' in thrown ? thrown.nextStep : undefined;
  return code !== undefined && typeof nextStep === 'string'
    ? new RlmError(code, message, { cause: thrown, nextStep })
    : null;
}

/** @throws RlmError 'CANCELLED' */
export function throwIfAborted(signal: AbortSignal, what: string): void {
  if (signal.aborted) {
    throw cancelledError(what);
  }
}

export function cancelledError(what: string): RlmError {
  return new RlmError('CANCELLED', `${what} was cancelled.`, {
    nextStep: 'The session and its variables are kept; call again when ready.',
  });
}
