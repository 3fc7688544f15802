// Answers what the code of one step asks of the host: sub-model calls, judged before each call.

import type { Clock } from './clock';
import { RlmError, toRlmError } from './errors';
import { type Limits, type Usage, checkModelCalls } from './limits';
import type { Model } from './model';
import type { HostCall } from './sandbox';
import { cutText } from '../base/text';

export interface RecordedCall {
  readonly call: number;
  readonly model: string;
  readonly prompt: string;
  readonly promptChars: number;
  readonly answer: string | null;
  readonly error: string | null;
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly durationMs: number;
}

interface HostCallParts {
  readonly model: Model;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly readUsage: () => Usage;
  readonly record: (call: RecordedCall) => Promise<void>;
}

const batchConcurrency = 64;
const maxBatch = 1_000;
const recordedPromptChars = 4_000;
const maxAnswerChars = 100_000;
const maxAnswerTokens = 16_384;

export class HostCalls {
  readonly #parts: HostCallParts;
  #nextCall = 0;
  #reserved = 0;
  #refusedByLimit = false;

  constructor(parts: HostCallParts) {
    this.#parts = parts;
  }

  /** Whether a call was refused because the session's sub-model limit was used up. */
  get refusedByLimit(): boolean {
    return this.#refusedByLimit;
  }

  /** @throws RlmError 'INVALID_INPUT' | 'MODEL_UNAVAILABLE' | 'GUARDRAIL_STOPPED' */
  async answer(call: HostCall, signal: AbortSignal): Promise<unknown> {
    const [first, second] = call.args;
    switch (call.name) {
      case 'llm_query':
        return this.#ask(toPrompt(first), toModelName(second), signal);
      case 'llm_query_batched':
        return this.#askAll(toPrompts(first), toModelName(second), signal);
      case 'rlm_query':
      case 'rlm_query_batched':
        throw new RlmError('MODEL_UNAVAILABLE', `${call.name} needs a model, and none is set up.`, {
          nextStep: 'Answer with code alone, or ask the user to configure a model.',
        });
      case 'budget':
        return this.#readBudget();
      default:
        throw new RlmError('INVALID_INPUT', `The host answers no call ${call.name}.`, {
          nextStep: 'Use the functions that SHOW_VARS() and the session’s globals list.',
        });
    }
  }

  #readBudget(): Record<string, number> {
    const { limits } = this.#parts;
    const usage = this.#parts.readUsage();
    return {
      steps_left: limits.maxSteps - usage.steps,
      runtime_ms_left: Math.max(0, Math.round(limits.maxRuntimeMs - usage.runtimeMs)),
      budget_left: Math.max(0, limits.budgetLimit - usage.budgetUsed),
      llm_calls_left: limits.maxLlmCalls - usage.llmCalls - this.#reserved,
      llm_tokens_left: Math.max(0, limits.maxLlmTokens - usage.llmTokens),
    };
  }

  async #askAll(
    prompts: readonly string[],
    model: string | null,
    signal: AbortSignal,
  ): Promise<string[]> {
    const answers: string[] = [];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < prompts.length; index = next++) {
        answers[index] = await this.#ask(prompts[index] ?? '', model, signal);
      }
    };
    const workers = Array.from({ length: Math.min(batchConcurrency, prompts.length) }, work);
    const settled = await Promise.allSettled(workers);
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed) {
      throw toRlmError(failed.reason);
    }
    return answers;
  }

  async #ask(prompt: string, model: string | null, signal: AbortSignal): Promise<string> {
    const { clock, limits } = this.#parts;
    if (checkModelCalls(limits, this.#parts.readUsage(), this.#reserved + 1)) {
      this.#refusedByLimit = true;
      throw new RlmError('GUARDRAIL_STOPPED', 'The session’s sub-model limit is used up.', {
        nextStep: 'Finish with what the variables hold; budget() shows what is left.',
      });
    }
    const call = this.#nextCall++;
    const started = clock.monotonic();
    const asked = {
      call,
      prompt: cutText(prompt, recordedPromptChars).text,
      promptChars: prompt.length,
    };
    this.#reserved += 1;
    try {
      const request = {
        messages: [{ role: 'user', text: prompt }],
        model,
        purpose: 'sub_call',
        maxAnswerTokens,
        client: null,
      } as const;
      const given = await this.#parts.model.answer(request, signal);
      const answer = cutText(given.text, maxAnswerChars).text;
      const { promptTokens, answerTokens } = given;
      const durationMs = clock.monotonic() - started;
      await this.#parts.record({
        ...asked,
        model: given.model,
        answer,
        error: null,
        promptTokens,
        answerTokens,
        durationMs,
      });
      return answer;
    } catch (thrown) {
      const error = toRlmError(thrown);
      await this.#parts.record({
        ...asked,
        model: model ?? 'default',
        answer: null,
        error: `${error.code}: ${error.message} ${error.nextStep}`.trim(),
        promptTokens: 0,
        answerTokens: 0,
        durationMs: clock.monotonic() - started,
      });
      throw error;
    } finally {
      this.#reserved -= 1;
    }
  }
}

function toPrompt(value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw new RlmError('INVALID_INPUT', 'A prompt must be a non-empty string.', {
      nextStep: 'Call llm_query(prompt) with the text to ask.',
    });
  }
  return value;
}

function toPrompts(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > maxBatch) {
    throw new RlmError('INVALID_INPUT', `Prompts must be a list of at most ${maxBatch} strings.`, {
      nextStep: 'Call llm_query_batched([prompt, …]); split longer lists.',
    });
  }
  return value.map(toPrompt);
}

function toModelName(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
