// Port: decides whether a tool may be called now, and is told how each call ended.

import type { ErrorCode, RlmError } from '../core/errors';

export interface EndedCall {
  readonly tool: string;
  /** Null: it gave its result. */
  readonly errorCode: ErrorCode | null;
  readonly durationMs: number;
}

export interface CallGate {
  /** The error that is given in place of a result; null: the call goes on. `ended` is told of both. */
  admit(tool: string): RlmError | null;
  ended(call: EndedCall): void;
}
