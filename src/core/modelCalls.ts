// Asks models for one session: within the budget, and every call on record.

import { cutText } from '../base/text';
import type { Budget } from './budget';
import type { Clock } from './clock';
import { RlmError, toRlmError } from './errors';
import type { ModelAnswered } from './event';
import type { Model, ModelAnswer, ModelRequest, ModelUsage } from './model';
import { maxTokens } from './tokens';

/** A call as its trace event says it. */
export type RecordedCall = Omit<ModelAnswered, 'kind' | 'at' | 'step' | 'status' | 'usage'>;

export type AskRequest = Omit<ModelRequest, 'maxAnswerTokens' | 'onSpent'>;

interface ModelCallParts {
  readonly model: Model;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly record: (call: RecordedCall) => Promise<void>;
}

const mostAnswerTokens = 16_384;
const leastAnswerTokens = 16;
/** What a provider adds around one message. */
const messageTokens = 16;
const recordedPromptChars = 4_000;
export const maxModelAnswerChars = 100_000;

export class ModelCalls {
  readonly #parts: ModelCallParts;
  #nextCall = 0;
  #refusedByLimit = false;

  constructor(parts: ModelCallParts) {
    this.#parts = parts;
  }

  /** Whether a call was refused because the sub-model limits were used up. */
  get refusedByLimit(): boolean {
    return this.#refusedByLimit;
  }

  /** The number of the next call in its step. */
  takeNumber(): number {
    return this.#nextCall++;
  }

  /** @throws RlmError 'GUARDRAIL_STOPPED' | 'CANCELLED' and those of the model. */
  async ask(request: AskRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const { clock, budget, model, record } = this.#parts;
    const call = this.takeNumber();
    const reservation = await budget.reserve(toNeed(request), signal);
    if (!reservation) {
      this.#refusedByLimit = true;
      throw new RlmError('GUARDRAIL_STOPPED', 'The session’s sub-model limit is used up.', {
        nextStep: 'Finish with what the variables hold; budget() shows what is left.',
      });
    }
    const started = clock.monotonic();
    const asked = describeRequest(call, request);
    let spent: ModelUsage = noModelUsage;
    const onSpent = (usage: ModelUsage): number | null => {
      spent = usage;
      return reservation.renew(countTokens(usage));
    };
    try {
      const maxAnswerTokens = reservation.answerTokens;
      const given = await model.answer({ ...request, maxAnswerTokens, onSpent }, signal);
      reservation.settle(countTokens(given));
      const answer = { ...given, text: cutText(given.text, maxModelAnswerChars).text };
      const { text, ...said } = answer;
      const durationMs = clock.monotonic() - started;
      await record({ ...asked, ...said, answer: text, error: null, durationMs });
      return answer;
    } catch (thrown) {
      reservation.settle(countTokens(spent));
      const durationMs = clock.monotonic() - started;
      await record({ ...asked, ...spent, answer: null, error: toErrorText(thrown), durationMs });
      throw toRlmError(thrown);
    }
  }
}

export const noModelUsage: ModelUsage = {
  promptTokens: 0,
  answerTokens: 0,
  tokensEstimated: false,
  costUsd: null,
};

function countTokens({ promptTokens, answerTokens }: ModelUsage): number {
  return promptTokens + answerTokens;
}

export function toErrorText(thrown: unknown): string {
  const { code, message, nextStep } = toRlmError(thrown);
  return `${code}: ${message} ${nextStep}`.trim();
}

export function describePrompt(prompt: string): { prompt: string; promptChars: number } {
  return { prompt: cutText(prompt, recordedPromptChars).text, promptChars: prompt.length };
}

function describeRequest(call: number, { messages, model, purpose }: AskRequest) {
  const prompt = messages.at(-1)?.text ?? '';
  return {
    call,
    purpose,
    model: model ?? 'default',
    ...describePrompt(prompt),
    childSessionId: null,
  };
}

function toNeed({ messages }: AskRequest) {
  const promptTokens = messages.reduce((sum, { text }) => sum + maxTokens(text) + messageTokens, 0);
  return { promptTokens, leastAnswerTokens, mostAnswerTokens };
}
