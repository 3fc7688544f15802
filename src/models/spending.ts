// What one answer has cost, over all attempts at it.

import type { ModelUsage } from '../core/model';
import { estimateTokens } from '../core/tokens';
import type { Attempt } from './attempt';

export class Spending {
  readonly #prompts: readonly string[];
  #usage: ModelUsage = { promptTokens: 0, answerTokens: 0, tokensEstimated: false, costUsd: null };
  #hasText = false;

  constructor(prompts: readonly string[]) {
    this.#prompts = prompts;
  }

  get usage(): ModelUsage {
    return this.#usage;
  }

  /** Whether any attempt has brought text. */
  get hasText(): boolean {
    return this.#hasText;
  }

  /** An attempt that a server has begun to answer is paid for, whether the answer came whole or not. */
  add(attempt: Attempt): void {
    if (!attempt.isBegun) {
      return;
    }
    const { promptTokens, answerTokens, costUsd, text } = attempt;
    const sum = this.#usage;
    this.#hasText ||= text !== '';
    this.#usage = {
      promptTokens: sum.promptTokens + (promptTokens ?? this.#estimatePrompt()),
      answerTokens: sum.answerTokens + (answerTokens ?? estimateTokens(text)),
      tokensEstimated: sum.tokensEstimated || promptTokens === null || answerTokens === null,
      costUsd: costUsd === null ? sum.costUsd : (sum.costUsd ?? 0) + costUsd,
    };
  }

  #estimatePrompt(): number {
    return this.#prompts.reduce((sum, prompt) => sum + estimateTokens(prompt), 0);
  }
}
