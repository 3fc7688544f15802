// Asks many prompts at once: bounded, in order, and no failure loses the other answers.

import { type RlmError, toRlmError } from './errors';

/** The answers of a batch in order; null for what failed, and why. */
export interface BatchAnswer {
  readonly answers: readonly (string | null)[];
  readonly failures: readonly BatchFailure[];
}

interface BatchFailure {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** @throws the first failure when every prompt failed. */
export async function runBatch<T>(
  prompts: readonly T[],
  concurrency: number,
  ask: (prompt: T, index: number) => Promise<string>,
): Promise<BatchAnswer> {
  const answers: (string | null)[] = prompts.map(() => null);
  const failures: BatchFailure[] = [];
  const errors: RlmError[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < prompts.length; index = next++) {
      try {
        answers[index] = await ask(prompts[index] as T, index); // index is below its length
      } catch (thrown) {
        const error = toRlmError(thrown);
        errors.push(error);
        failures.push({
          index,
          code: error.code,
          message: `${error.message} ${error.nextStep}`.trim(),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, prompts.length) }, work));
  const [first] = errors;
  if (first && errors.length === prompts.length) {
    throw first;
  }
  return { answers, failures: failures.sort((left, right) => left.index - right.index) };
}
