// Counts what the model behind it is asked and what that costs, case by case.

import type { Model, ModelAnswer, ModelRequest } from '../../src/core/model';

export interface Spent {
  /** Calls of code that a loop's model wrote. */
  readonly subCalls: number;
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** Some of the tokens are estimated from the text. */
  readonly tokensEstimated: boolean;
  /** Null when an answer came without its cost. */
  readonly costUsd: number | null;
}

export const nothingSpent: Spent = {
  subCalls: 0,
  promptTokens: 0,
  answerTokens: 0,
  tokensEstimated: false,
  costUsd: 0,
};

export class Meter implements Model {
  readonly #model: Model;
  #spent = nothingSpent;

  constructor(model: Model) {
    this.#model = model;
  }

  async answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    if (request.purpose === 'sub_call') {
      this.#spent = { ...this.#spent, subCalls: this.#spent.subCalls + 1 };
    }
    const answer = await this.#model.answer(request, signal);
    const { promptTokens, answerTokens, tokensEstimated, costUsd } = this.#spent;
    this.#spent = {
      ...this.#spent,
      promptTokens: promptTokens + answer.promptTokens,
      answerTokens: answerTokens + answer.answerTokens,
      tokensEstimated: tokensEstimated || answer.tokensEstimated,
      costUsd: costUsd === null || answer.costUsd === null ? null : costUsd + answer.costUsd,
    };
    return answer;
  }

  readStatus(): ReturnType<Model['readStatus']> {
    return this.#model.readStatus();
  }

  /** What was spent since the last call. */
  take(): Spent {
    const spent = this.#spent;
    this.#spent = nothingSpent;
    return spent;
  }
}
