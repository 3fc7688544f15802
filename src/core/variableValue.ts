// Reads the value of a variable in a sandbox.

import type { Sandbox, VariableValue } from './sandbox';
import { noVariableError } from './sessionErrors';

export interface ValueRequest {
  readonly name: string;
  /** As the session's language counts characters. */
  readonly offset: number;
  readonly maxChars: number;
}

const readTimeoutMs = 10_000;

/** `note`: why a variable may not be there. @throws RlmError 'VAR_NOT_FOUND' */
export async function readValue(
  sandbox: Sandbox,
  request: ValueRequest,
  signal: AbortSignal,
  note = '',
): Promise<VariableValue> {
  const value = await sandbox.readVariable({ ...request, timeoutMs: readTimeoutMs }, signal);
  if (!value) {
    throw noVariableError(request.name, note);
  }
  return value;
}
