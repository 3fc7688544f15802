// Ports: what answers prompts. A `Model` chooses among `ModelProvider`s; both are implemented in
// src/models, the editor's own provider in src/extension.

import type { Disposable } from '../base/disposable';

export interface Model {
  /** @throws RlmError 'MODEL_UNAVAILABLE' | 'CANCELLED' | 'INVALID_INPUT' (an unknown name) */
  answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer>;
  /** One entry per provider, whether it is set up or not. Spends no tokens; never rejects. */
  readStatus(): Promise<readonly ProviderStatus[]>;
}

export interface ModelRequest {
  /** At least one; a system message, where there is one, comes first. */
  readonly messages: readonly ModelMessage[];
  /** `provider/model`, or null for the default of the purpose. */
  readonly model: string | null;
  /** `loop`: writes the code of a run; `sub_call`: answers what that code asks. */
  readonly purpose: 'loop' | 'sub_call';
  /** The answer takes no more tokens than these, a model's hidden reasoning included. */
  readonly maxAnswerTokens: number;
  /** What the client whose call this belongs to offers; null where there is none. */
  readonly client: ModelClient | null;
  /** Gets the answer's pieces in order, where the provider streams. */
  readonly onText?: (piece: string) => void;
  /** Told the provider that is to be asked, by its name, before it is; what it throws ends the call. */
  readonly onProvider?: (provider: string) => void;
  /**
   * Told what the call has used so far when an attempt that is paid for brought no answer. Gives the tokens
   * that the answer of another attempt may take; null: the budget has no room for one.
   */
  readonly onSpent?: (usage: ModelUsage) => number | null;
  /** The session whose code or run asks; left out: not known. */
  readonly origin?: PromptOrigin;
  /** Settles when the answer is on record, or the call has ended without one. Left out: nothing is recorded. */
  readonly recorded?: Promise<void>;
}

export interface PromptOrigin {
  readonly sessionId: string;
  readonly title: string;
  /** 0: no child. */
  readonly depth: number;
}

export interface ModelMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly text: string;
}

export interface ModelAnswer extends ModelUsage {
  readonly text: string;
  /** Which model answered, as `provider/model`. */
  readonly model: string;
  /** What ended the answer before the model did; left out: nothing, the text is whole. */
  readonly cutBy?: AnswerCut;
}

/** `tokens`: it had taken all that it may; `filter`: the provider’s filter ended it. */
export type AnswerCut = 'tokens' | 'filter';

/** What one call has used, over all attempts at its answer. */
export interface ModelUsage {
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** The provider gave no usage: the tokens are estimated from the text. */
  readonly tokensEstimated: boolean;
  /** Null where the provider gives none. */
  readonly costUsd: number | null;
}

export interface ModelProvider {
  /** The part of a model's name before the slash: `openai`, `anthropic`, `vscode`, …. */
  readonly name: string;
  /** Whether a model of this provider can be asked now without bothering anybody. */
  isReady(client: ModelClient | null): Promise<boolean>;
  /** `request.model` is the name within the provider; null: the provider's own default. */
  answer(request: ModelRequest, signal: AbortSignal): Promise<ModelAnswer>;
  /** Spends no tokens; never rejects. */
  readStatus(): Promise<ProviderStatus>;
}

/**
 * `ready`: answered just now or needs no network; `by_client`: answers in calls of a client that offers it;
 * `off`: not set up; `failing`: set up and does not answer.
 */
export const providerStates = ['ready', 'by_client', 'off', 'failing'] as const;
type ProviderState = (typeof providerStates)[number];

export const maxListedModels = 50;

export interface ProviderStatus {
  readonly provider: string;
  readonly state: ProviderState;
  /** Why, or where; never a key. */
  readonly detail: string;
  /** Names as `provider/model`, the first `maxListedModels`; empty where the provider does not tell. */
  readonly models: readonly string[];
}

/** How the client of one call can answer prompts itself. */
export interface ModelClient {
  /** The client's own model, by MCP sampling; null where the client offers none. */
  readonly sample: AskClient | null;
  /** The calling agent answers between two tool calls; null where no agent calls. */
  readonly ask: AskClient | null;
  /** Null while its own model can be asked; else settles when it can again. Left out: always. */
  readonly whenReachable?: (signal: AbortSignal) => Promise<void> | null;
  /** A part of the work has begun that may ask before long: until disposed, the agent is not told of others' prompts. */
  readonly expectAsk?: () => Disposable;
}

export type AskClient = (request: ModelRequest, signal: AbortSignal) => Promise<ModelAnswer>;
