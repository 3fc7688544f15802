// Anthropic's own client, of which only messages and the list of models are bundled.

import { BaseAnthropic } from '@anthropic-ai/sdk/client';
import { APIConnectionError, APIError } from '@anthropic-ai/sdk/core/error';
import { Messages } from '@anthropic-ai/sdk/resources/messages';
import { Models } from '@anthropic-ai/sdk/resources/models';
import type { HttpClient, ServerError } from './httpClient';
import type { ServerSettings } from './modelSettings';
import { readStreamStatus } from './streamStatus';
import { withoutVariables } from './withoutVariables';

const ownServer = 'https://api.anthropic.com';
const modelsListed = 50;

/** Everything that the client would take from the environment or its own files is given. */
export function createAnthropicClient({ apiKey, baseUrl }: ServerSettings): HttpClient {
  const client = withoutVariables(
    ['ANTHROPIC_CUSTOM_HEADERS'],
    () =>
      new BaseAnthropic({
        apiKey: apiKey ?? 'none', // without one it looks elsewhere; the header is left out below
        baseURL: baseUrl ?? ownServer,
        defaultHeaders: apiKey === null ? { Authorization: null } : {},
        maxRetries: 0,
        logLevel: 'off',
      }),
  );
  const messagesApi = new Messages(client);
  const modelsApi = new Models(client);
  return {
    protocol: 'messages',
    openStream: ({ model, messages, maxAnswerTokens }, signal) => {
      const system = messages.filter(({ role }) => role === 'system').map(({ text }) => text);
      const turns = messages.flatMap(({ role, text }) =>
        role === 'system' ? [] : [{ role, content: text }],
      );
      return messagesApi.create(
        {
          model,
          messages: turns,
          max_tokens: maxAnswerTokens,
          stream: true,
          ...(system.length > 0 ? { system: system.join('\n\n') } : {}),
        },
        { signal },
      );
    },
    listModels: async (signal) => (await modelsApi.list({ limit: modelsListed }, { signal })).data,
    toServerError,
  };
}

function toServerError(thrown: unknown): ServerError | null {
  if (!(thrown instanceof APIError) || thrown instanceof APIConnectionError) {
    return null;
  }
  const { status, headers, errorCode, type, apiMessage, message } = thrown as APIError; // its defaults
  return {
    status: status ?? readStreamStatus(errorCode ?? type),
    code: errorCode ?? type ?? '',
    message: apiMessage ?? message,
    headers: headers ?? null,
  };
}
