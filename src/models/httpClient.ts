// What is used of the providers' own clients. They are a bundle of their own (`httpClients.ts`), loaded
// when a provider is first asked; what they deliver is read on this side.

import type { ModelMessage } from '../core/model';
import type { OpenAiSettings, ServerSettings } from './modelSettings';

/** A bundle of clients. Each client is for one server and one key, and does not try again by itself. */
export interface HttpClients {
  createOpenAiClient(settings: OpenAiSettings): HttpClient;
  createAnthropicClient(settings: ServerSettings): HttpClient;
}

export interface HttpClient {
  /** Which events a stream has. */
  readonly protocol: Protocol;
  /** Settles when the server has begun to answer; the events end early when `signal` aborts. */
  openStream(question: Question, signal: AbortSignal): Promise<AsyncIterable<unknown>>;
  /** The first page. Costs no tokens. */
  listModels(signal: AbortSignal): Promise<readonly { readonly id: unknown }[]>;
  /** What the server said, of an error that one of the two threw; null: it said nothing. */
  toServerError(thrown: unknown): ServerError | null;
}

/** An event of ours: the stream has said that it is over, in words that belong to no protocol's events. */
export const streamDone = Symbol('done');

export type Protocol = 'responses' | 'chat' | 'messages';

export interface Question {
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly maxAnswerTokens: number;
}

export interface ServerError {
  /** Null where the error came inside a stream. */
  readonly status: number | null;
  /** The provider's own word for it, such as `model_not_found`; empty where it gave none. */
  readonly code: string;
  readonly message: string;
  readonly headers: Headers | null;
}
