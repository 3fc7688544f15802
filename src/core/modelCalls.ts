// Asks models for one session: within the budget, and every call on record.

import { untilAborted } from '../base/abort';
import { cutMarked, cutText } from '../base/text';
import { toTextHash } from '../base/textHash';
import { toWellFormedText } from '../base/wellFormed';
import type { Budget, Reservation, Shortage } from './budget';
import type { Clock } from './clock';
import { RlmError, cancelledError, throwIfAborted, toRlmError } from './errors';
import type { ModelAnswered } from './event';
import type { KeptAnswers } from './keptAnswers';
import type { Model, ModelAnswer, ModelRequest, ModelUsage, PromptOrigin } from './model';
import { maxTokens } from './tokens';

/** A call as its trace event says it. */
export type RecordedCall = Omit<ModelAnswered, 'kind' | 'at' | 'step' | 'status' | 'usage'>;

export type AskRequest = Omit<ModelRequest, 'maxAnswerTokens' | 'onSpent' | 'recorded' | 'origin'>;

interface ModelCallParts {
  readonly model: Model;
  readonly clock: Clock;
  readonly budget: Budget;
  readonly record: (call: RecordedCall) => Promise<void>;
  /** Of an earlier attempt at the same code, which was cut short; null: there was none. */
  readonly kept?: KeptAnswers | null;
  /** The session that they are of; left out: not told. */
  readonly origin?: PromptOrigin;
}

const mostAnswerTokens = 16_384;
const leastAnswerTokens = 16;
/** What a provider adds around one message. */
const messageTokens = 16;
const recordedPromptChars = 4_000;
export const maxModelAnswerChars = 100_000;

type Attempt =
  | { readonly kind: 'answered'; readonly answer: ModelAnswer }
  | { readonly kind: 'failed'; readonly error: RlmError; readonly spent: ModelUsage };

export class ModelCalls {
  readonly #parts: ModelCallParts;
  #nextCall = 0;
  #replacedSurrogates = 0;
  #refusal: RlmError | null = null;

  constructor(parts: ModelCallParts) {
    this.#parts = parts;
  }

  /** Whether a call was refused because the sub-model limits were used up. */
  get refusedByLimit(): boolean {
    return this.#refusal !== null;
  }

  /** The number that the next call in its step takes. */
  get nextNumber(): number {
    return this.#nextCall;
  }

  takeNumber(): number {
    return this.#nextCall++;
  }

  /** In the prompts so far: halves of surrogate pairs that were sent as U+FFFD. */
  get replacedSurrogates(): number {
    return this.#replacedSurrogates;
  }

  async record(call: RecordedCall): Promise<void> {
    this.#replacedSurrogates += call.replacedSurrogates ?? 0;
    await this.#parts.record(call);
  }

  /**
   * Every call that took a number has one event, however it ended. Once the limits have refused one, later
   * ones are refused alike and have none: a loop over a refused call must not fill the trace.
   * @throws RlmError 'GUARDRAIL_STOPPED' | 'CANCELLED' and those of the model.
   */
  async ask(request: AskRequest, signal: AbortSignal): Promise<ModelAnswer> {
    throwIfAborted(signal, 'The sub-model call');
    if (this.#refusal) {
      throw this.#refusal;
    }
    const { clock, origin } = this.#parts;
    const asked = describeRequest(this.takeNumber(), request);
    const kept = await this.#recall(asked, request);
    if (kept) {
      return kept;
    }
    const started = clock.monotonic();
    let tellRecorded: () => void = () => undefined;
    const recorded = new Promise<void>((resolve) => {
      tellRecorded = resolve;
    });
    try {
      const attempt = await this.#attempt(
        { ...request, recorded, ...(origin && { origin }) },
        signal,
      );
      const durationMs = clock.monotonic() - started;
      if (attempt.kind === 'failed') {
        const error = toErrorText(attempt.error);
        await this.record({ ...asked, ...attempt.spent, answer: null, error, durationMs });
        throw attempt.error;
      }
      const { answer } = attempt;
      const said = { ...toModels(asked, answer.model), ...toUsage(answer), answer: answer.text };
      await this.record({ ...asked, ...said, error: null, durationMs });
      return attempt.answer;
    } finally {
      tellRecorded();
    }
  }

  /** An answer that is on record already, and paid for; null: there is none. */
  async #recall(asked: AskedCall, { messages }: AskRequest): Promise<ModelAnswer | null> {
    const kept = this.#parts.kept?.find(asked, messages.at(-1)?.text ?? '');
    if (asked.purpose === 'loop' || !kept || kept.answer === null) {
      return null;
    }
    const { model, answer: text } = kept;
    await this.record({
      ...asked,
      ...noModelUsage,
      ...toModels(asked, model),
      answer: text,
      error: null,
      durationMs: 0,
    });
    return { ...noModelUsage, model, text };
  }

  /** Never rejects, and settles as soon as `signal` aborts, whether the model heeds it or not. */
  async #attempt(
    request: AskRequest & Pick<ModelRequest, 'recorded' | 'origin'>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const { budget, model } = this.#parts;
    const need = toNeed(request);
    let spent: ModelUsage = noModelUsage;
    let reservation: Reservation | null = null;
    try {
      const reserved = await budget.reserve(need, signal);
      if (!reserved) {
        this.#refusal = usedUpError(budget.findShortage(need));
        throw this.#refusal;
      }
      reservation = reserved;
      const onSpent = (usage: ModelUsage): number | null => {
        spent = usage;
        return reserved.renew(countTokens(usage));
      };
      const maxAnswerTokens = reserved.answerTokens;
      const own = AbortSignal.any([signal]); // providers listen to it, and a batch has many calls
      const given = await untilAborted(
        model.answer({ ...request, maxAnswerTokens, onSpent }, own),
        signal,
        () => cancelledError('The sub-model call'),
      );
      spent = given;
      return { kind: 'answered', answer: { ...given, text: toMarked(given) } };
    } catch (thrown) {
      return { kind: 'failed', error: toRlmError(thrown), spent };
    } finally {
      reservation?.settle(countTokens(spent));
    }
  }
}

const cutMarks = {
  tokens: '\n… [cut here: the answer had taken all the tokens that it may]',
  filter: '\n… [cut here: a filter of the provider ended the answer]',
} as const;

/** What is not the whole of what the model would have said ends by a mark. */
function toMarked({ text, cutBy }: ModelAnswer): string {
  return cutMarked(text, maxModelAnswerChars) + (cutBy === undefined ? '' : cutMarks[cutBy]);
}

function usedUpError({ limit, max, left }: Shortage): RlmError {
  const [all, rest] = [max, Math.max(0, left)].map((count) => count.toLocaleString('en'));
  return new RlmError(
    'GUARDRAIL_STOPPED',
    `${limit} is used up: ${rest} of ${all} are left, and this call may need more.`,
    { nextStep: 'Finish with what the variables hold; budget() shows what is left.' },
  );
}

/** What stands for the model in the event of a call that a child session answered. */
export const childModel = 'rlm';

export const noModelUsage: ModelUsage = {
  promptTokens: 0,
  answerTokens: 0,
  tokensEstimated: false,
  costUsd: null,
};

function toUsage(answer: ModelUsage): ModelUsage {
  const { promptTokens, answerTokens, tokensEstimated, costUsd } = answer;
  return { promptTokens, answerTokens, tokensEstimated, costUsd };
}

function countTokens({ promptTokens, answerTokens }: ModelUsage): number {
  return promptTokens + answerTokens;
}

export function toErrorText(thrown: unknown): string {
  const { code, message, nextStep } = toRlmError(thrown);
  return `${code}: ${message} ${nextStep}`.trim();
}

export function describePrompt(
  prompt: string,
): Pick<ModelAnswered, 'prompt' | 'promptChars' | 'promptHash' | 'replacedSurrogates'> {
  const { replaced } = toWellFormedText(prompt);
  const shown = cutText(prompt, recordedPromptChars).text;
  const isWhole = shown.length === prompt.length;
  return {
    prompt: shown,
    promptChars: prompt.length,
    ...(isWhole ? {} : { promptHash: toTextHash(prompt) }),
    ...(replaced === 0 ? {} : { replacedSurrogates: replaced }),
  };
}

type AskedCall = ReturnType<typeof describeRequest>;

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

function toModels(asked: AskedCall, model: string): Pick<ModelAnswered, 'model' | 'askedModel'> {
  return asked.model === model ? { model } : { model, askedModel: asked.model };
}

function toNeed({ messages }: AskRequest) {
  const promptTokens = messages.reduce((sum, { text }) => sum + maxTokens(text) + messageTokens, 0);
  return { promptTokens, leastAnswerTokens, mostAnswerTokens };
}
