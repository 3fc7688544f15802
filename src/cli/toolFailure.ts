// The error that a tool's result tells of.

import * as z from 'zod';
import { errorCodes, RlmError } from '../core/errors';

const toolFailure = z.object({
  error: z.object({ code: z.string(), message: z.string(), next_step: z.string() }),
});

/** Null: it is no error. */
export function readToolFailure(payload: unknown): RlmError | null {
  const failure = toolFailure.safeParse(payload);
  if (!failure.success) {
    return null;
  }
  const { code, message, next_step: nextStep } = failure.data.error;
  const known = errorCodes.find((one) => one === code) ?? 'INTERNAL_ERROR';
  return new RlmError(known, message, { nextStep });
}
