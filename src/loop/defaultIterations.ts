// How many iterations a run has whose caller names none.

import { RlmError } from '../core/errors';

/** Source: the tool contract, `rlm_execute` max_iterations. */
const usualIterations = 15;
const mostIterations = 100;

/** @throws RlmError 'INVALID_INPUT' for an RLM_MAX_ITERATIONS that is no whole number from 1 to 100. */
export function readDefaultIterations(env: Readonly<Record<string, string | undefined>>): number {
  const given = env['RLM_MAX_ITERATIONS']?.trim();
  if (!given) {
    return usualIterations;
  }
  const value = Number(given);
  if (!/^\d+$/u.test(given) || value < 1 || value > mostIterations) {
    throw new RlmError('INVALID_INPUT', `RLM_MAX_ITERATIONS is ${JSON.stringify(given)}.`, {
      nextStep: `Set it to a whole number from 1 to ${mostIterations}, or unset it.`,
    });
  }
  return value;
}
