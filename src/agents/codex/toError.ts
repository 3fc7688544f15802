// Codex's errors in our words: the code and the status are read from their fields, never from the message.

import type { AgentError } from '../../core/agent/agentDriver';
import type { WireError } from './wire';

export function toAgentError({
  message,
  codexErrorInfo,
  additionalDetails,
}: WireError): AgentError {
  const told = additionalDetails ? `${message} (${additionalDetails})` : message;
  if (typeof codexErrorInfo === 'string') {
    return { message: told, code: codexErrorInfo, httpStatus: null };
  }
  if (typeof codexErrorInfo !== 'object' || codexErrorInfo === null) {
    return { message: told, code: null, httpStatus: null };
  }
  const [entry] = Object.entries(codexErrorInfo);
  return { message: told, code: entry?.[0] ?? null, httpStatus: toStatus(entry?.[1]) };
}

function toStatus(detail: unknown): number | null {
  const status =
    typeof detail === 'object' && detail !== null && 'httpStatusCode' in detail
      ? detail.httpStatusCode
      : null;
  return typeof status === 'number' ? status : null;
}
