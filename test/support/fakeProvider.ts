// A provider that answers with what it was asked.

import type { ModelAnswer, ModelProvider, ModelRequest } from '../../src/core/model';

export interface FakeProvider extends ModelProvider {
  readonly asked: readonly ModelRequest[];
}

export function createFakeProvider(name: string, options = { isReady: true }): FakeProvider {
  const asked: ModelRequest[] = [];
  return {
    name,
    asked,
    isReady: async () => options.isReady,
    answer: async (request) => {
      asked.push(request);
      return toAnswer(`${name}/${request.model ?? 'its own'}`);
    },
    readStatus: async () => ({ provider: name, state: 'ready', detail: 'fake', models: [] }),
  };
}

export function createRequest(given: Partial<ModelRequest> = {}): ModelRequest {
  const messages = [{ role: 'user', text: 'How many?' }] as const;
  const rest = { model: null, purpose: 'sub_call', maxAnswerTokens: 100, client: null } as const;
  return { messages, ...rest, ...given };
}

export function toAnswer(model: string): ModelAnswer {
  const usage = { promptTokens: 3, answerTokens: 2, tokensEstimated: false, costUsd: null };
  return { text: 'Two.', model, ...usage };
}
