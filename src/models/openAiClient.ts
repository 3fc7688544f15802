// OpenAI's own client, for its server and every compatible one.

import { APIConnectionError, APIError, OpenAI } from 'openai';
import { type HttpClient, type Question, type ServerError, streamDone } from './httpClient';
import type { OpenAiSettings } from './modelSettings';
import { DoneWatch } from './doneWatch';
import { readStreamStatus } from './streamStatus';
import { withoutVariables } from './withoutVariables';

const ownServer = 'https://api.openai.com/v1';

/** Everything that the client would take from the environment is given: settings alone count. */
export function createOpenAiClient({ apiKey, baseUrl, api }: OpenAiSettings): HttpClient {
  const isOwn = baseUrl === null || isOwnHost(new URL(baseUrl).hostname);
  const done = new DoneWatch();
  const client = withoutVariables(
    ['OPENAI_CUSTOM_HEADERS'],
    () =>
      new OpenAI({
        apiKey: apiKey ?? 'none', // it insists on one; the header is left out below
        adminAPIKey: null,
        baseURL: baseUrl ?? ownServer,
        ...(isOwn ? {} : { organization: null, project: null }),
        defaultHeaders: apiKey === null ? { Authorization: null } : {},
        maxRetries: 0,
        logLevel: 'off',
        fetch: done.fetch,
      }),
  );
  const isChat = api === 'auto' ? !isOwn : api === 'chat';

  const openChat = async ({ model, messages, maxAnswerTokens }: Question, signal: AbortSignal) => {
    const ask = (limit: { max_tokens: number } | { max_completion_tokens: number }) =>
      client.chat.completions.create(
        {
          model,
          messages: toInput(messages),
          ...limit,
          stream: true,
          stream_options: { include_usage: true },
        },
        { signal },
      );
    if (isOwn) {
      return ask({ max_completion_tokens: maxAnswerTokens });
    }
    // Compatible servers know the older name of the limit, some of them for some models only the newer.
    try {
      return await ask({ max_tokens: maxAnswerTokens });
    } catch (thrown) {
      if (!isAboutOlderLimit(thrown)) {
        throw thrown;
      }
      return ask({ max_completion_tokens: maxAnswerTokens });
    }
  };

  const openResponses = ({ model, messages, maxAnswerTokens }: Question, signal: AbortSignal) =>
    client.responses.create(
      {
        model,
        input: toInput(messages),
        max_output_tokens: maxAnswerTokens,
        store: false,
        stream: true,
      },
      { signal },
    );

  return {
    protocol: isChat ? 'chat' : 'responses',
    openStream: async (question, signal) => {
      done.reset();
      const events = await (isChat ? openChat : openResponses)(question, signal);
      return withDone(events, done);
    },
    listModels: async (signal) => (await client.models.list({ signal })).data,
    toServerError,
  };
}

function isOwnHost(hostname: string): boolean {
  return hostname === 'api.openai.com' || hostname.endsWith('.api.openai.com'); // by region
}

function toInput(messages: Question['messages']) {
  return messages.map(({ role, text }) => ({ role, content: text }));
}

function isAboutOlderLimit(thrown: unknown): boolean {
  return (
    thrown instanceof APIError &&
    thrown.status === 400 &&
    (thrown.param === 'max_tokens' || /max_completion_tokens/u.test(thrown.message))
  );
}

/** The client drops the mark by which a stream says that it is over. */
async function* withDone(events: AsyncIterable<unknown>, done: DoneWatch): AsyncIterable<unknown> {
  yield* events;
  if (done.isDone) {
    yield streamDone;
  }
}

function toServerError(thrown: unknown): ServerError | null {
  if (!(thrown instanceof APIError) || thrown instanceof APIConnectionError) {
    return null;
  }
  const { status, headers, code, type, message } = thrown as APIError; // its defaults
  return {
    status: status ?? readStreamStatus(code),
    code: String(code ?? type ?? ''), // a number, of some servers
    message: message.replace(/^\d{3} /u, ''),
    headers: headers ?? null,
  };
}
