// OpenAI's own client, for its server and every compatible one.

import { APIConnectionError, APIError, OpenAI } from 'openai';
import type { HttpClient, ServerError } from './httpClient';
import type { OpenAiSettings } from './modelSettings';

const ownServer = 'https://api.openai.com/v1';

/** Everything that the client would take from the environment is given: settings alone count. */
export function createOpenAiClient({ apiKey, baseUrl, api }: OpenAiSettings): HttpClient {
  const client = new OpenAI({
    apiKey: apiKey ?? 'none', // it insists on one; the header is left out below
    adminAPIKey: null,
    baseURL: baseUrl ?? ownServer,
    ...(baseUrl === null ? {} : { organization: null, project: null }),
    defaultHeaders: apiKey === null ? { Authorization: null } : {},
    maxRetries: 0,
    logLevel: 'off',
  });
  const isChat = api === 'auto' ? baseUrl !== null : api === 'chat';
  return {
    protocol: isChat ? 'chat' : 'responses',
    openStream: ({ model, messages, maxAnswerTokens }, signal) => {
      const input = messages.map(({ role, text }) => ({ role, content: text }));
      if (!isChat) {
        const limits = { max_output_tokens: maxAnswerTokens, store: false, stream: true } as const;
        return client.responses.create({ model, input, ...limits }, { signal });
      }
      // Compatible servers know the older name of the limit, OpenAI's newer models only the newer.
      const limit =
        baseUrl === null
          ? { max_completion_tokens: maxAnswerTokens }
          : { max_tokens: maxAnswerTokens };
      const options = { stream: true, stream_options: { include_usage: true } } as const;
      return client.chat.completions.create(
        { model, messages: input, ...limit, ...options },
        { signal },
      );
    },
    listModels: async (signal) => (await client.models.list({ signal })).data,
    toServerError,
  };
}

function toServerError(thrown: unknown): ServerError | null {
  if (!(thrown instanceof APIError) || thrown instanceof APIConnectionError) {
    return null;
  }
  const { status, headers, code, type, message } = thrown as APIError; // its defaults
  return {
    status: status ?? null,
    code: String(code ?? type ?? ''), // a number, of some servers
    message: message.replace(/^\d{3} /u, ''),
    headers: headers ?? null,
  };
}
