// Models behind an HTTP server, asked by the provider's own client. Tries again as the server says.

import { RlmError, cancelledError } from '../core/errors';
import type { Clock } from '../core/clock';
import type {
  AnswerCut,
  ModelAnswer,
  ModelProvider,
  ModelRequest,
  ProviderStatus,
} from '../core/model';
import type { Patience } from './answerTimeout';
import { type Attempt, runAttempt } from './attempt';
import type { HttpClients, Question } from './httpClient';
import type { ModelSettings, ReadModelSettings } from './modelSettings';
import { type ProviderKind, isSetUp, providerKinds, toSubject } from './providerKind';
import { Reachability } from './reachability';
import { type ServerFailure, isPassing, readRetryAfterMs, toModelError } from './serverFailure';
import { Spending } from './spending';

export interface HttpProviderParts {
  readonly readSettings: ReadModelSettings;
  readonly loadClients: () => Promise<HttpClients>;
  readonly clock: Clock;
  /** Rejects when `signal` aborts. Unlike the clock's timers it holds the process open. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

const maxAttempts = 3;
const firstWaitMs = 500;
/** A server that asks for more is not waited for: the caller is told. */
const maxWaitMs = 60_000;
/** Models that reason say nothing for minutes. Source: the clients' own limit is ten minutes. */
const patience: Patience = { totalMs: 600_000, silenceMs: 300_000 };

export function createHttpProviders(parts: HttpProviderParts): readonly ModelProvider[] {
  return providerKinds.map((kind) => new HttpProvider(kind, parts));
}

class HttpProvider implements ModelProvider {
  readonly name: string;
  readonly #kind: ProviderKind;
  readonly #parts: HttpProviderParts;
  readonly #reachability: Reachability;

  constructor(kind: ProviderKind, parts: HttpProviderParts) {
    this.name = kind.name;
    this.#kind = kind;
    this.#parts = parts;
    this.#reachability = new Reachability({ kind, ...parts });
  }

  async isReady(): Promise<boolean> {
    return isSetUp(this.#kind.select(await this.#parts.readSettings()));
  }

  readStatus(): Promise<ProviderStatus> {
    return this.#reachability.readStatus();
  }

  async answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer> {
    const settings = await this.#parts.readSettings();
    const model = this.#toModel(settings, request.model);
    const { messages } = request;
    const prompts = messages.map(({ text }) => text);
    const subject = toSubject(this.#kind, settings, { model, prompts });
    const client = this.#kind.createClient(await this.#parts.loadClients(), settings);
    const spending = new Spending(prompts);
    let mostTokens: number | null = request.maxAnswerTokens;
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(signal);
      // What was shown of an answer cannot be taken back: another attempt shows nothing more.
      const onText = spending.hasText ? undefined : request.onText;
      const question: Question = { model, messages, maxAnswerTokens: mostTokens };
      const parts = { client, question, clock: this.#parts.clock, patience, onText };
      const given = await runAttempt(parts, signal);
      const { text, failure, cutBy } = given;
      spending.add(given);
      if (failure === null && !isUsedUp(given)) {
        const cut = cutBy === null ? {} : { cutBy };
        return { text, model: `${this.name}/${model}`, ...spending.usage, ...cut };
      }
      if (given.isBegun && request.onSpent) {
        mostTokens = request.onSpent(spending.usage);
      }
      throwIfAborted(signal);
      if (failure === null) {
        throw emptyError(`${this.name}/${model}`, cutBy, question.maxAnswerTokens);
      }
      const askedMs = readRetryAfterMs(failure, this.#parts.clock.now());
      const waitMs = toRetryWaitMs(failure, attempt, askedMs);
      if (waitMs === null || mostTokens === null) {
        throw toModelError(failure, subject, askedMs);
      }
      await this.#parts.wait(waitMs, signal).catch(() => throwIfAborted(signal));
    }
  }

  #toModel(settings: ModelSettings, model: string | null): string {
    const { key, url } = this.#kind.names[settings.setUpIn];
    if (!isSetUp(this.#kind.select(settings))) {
      const where = settings.setUpIn === 'environment' ? ', where the engine starts' : '';
      throw new RlmError('MODEL_UNAVAILABLE', `The provider ${this.name} is not set up.`, {
        nextStep: `Set ${key}, or ${url} for a server without keys${where}.`,
      });
    }
    if (model === null) {
      throw new RlmError('INVALID_INPUT', `${this.name} needs to be told which model.`, {
        nextStep: `Name it as ${this.name}/MODEL; rlm_status lists the models.`,
      });
    }
    return model;
  }
}

/** Null: another attempt would not help, or not soon enough. */
function toRetryWaitMs(
  failure: ServerFailure,
  attempt: number,
  askedMs: number | null,
): number | null {
  const waitMs = askedMs ?? toBackoffMs(attempt);
  return isPassing(failure) && attempt < maxAttempts && waitMs <= maxWaitMs ? waitMs : null;
}

/** A model that reasons may take all tokens of its answer for that, and write none. */
function isUsedUp({ cutBy, text }: Attempt): boolean {
  return cutBy !== null && text.trim() === '';
}

function emptyError(model: string, cutBy: AnswerCut | null, maxAnswerTokens: number): RlmError {
  if (cutBy === 'filter') {
    return new RlmError('MODEL_UNAVAILABLE', `A filter of ${model} let no answer through.`, {
      nextStep: 'Ask in other words, leave out what the filter may mean, or name another model.',
    });
  }
  const most = maxAnswerTokens.toLocaleString('en');
  return new RlmError(
    'MODEL_UNAVAILABLE',
    `${model} took all ${most} tokens of its answer for reasoning, and wrote no answer.`,
    {
      nextStep:
        'Ask for less at once, or name a model that reasons less; near the end of max_llm_tokens an answer gets fewer tokens (budget() shows what is left).',
    },
  );
}

/** Doubles, less up to a quarter so that many calls do not come back together. */
function toBackoffMs(attempt: number): number {
  return firstWaitMs * 2 ** (attempt - 1) * (1 - Math.random() / 4);
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw cancelledError('The model call');
  }
}
