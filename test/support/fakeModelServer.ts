// A server of models on loopback: OpenAI's Responses and chat completions and Anthropic's Messages, with
// the refusals and broken streams that real ones give. It replies as it is told, one reply a request.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export type Protocol = 'responses' | 'chat' | 'messages';

export type Reply =
  | {
      readonly kind: 'answer';
      readonly pieces: readonly string[];
      /** Null: the server counts nothing. */
      readonly usage?: Usage | null;
      /** The answer's end waits for it. */
      readonly until?: Promise<void>;
      /** It ends because it has taken all the tokens it may. */
      readonly isLimited?: boolean;
      /** How its end is told: as the protocol has it, or in a way that some servers have. */
      readonly ending?: 'usual' | 'only a mark' | 'without its last event';
    }
  | {
      readonly kind: 'refusal';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Pieces, and then: the connection breaks, the stream ends early, or nothing more comes. */
  | { readonly kind: 'broken' | 'ended' | 'stalled'; readonly pieces: readonly string[] }
  | {
      readonly kind: 'error';
      readonly pieces: readonly string[];
      readonly code: string;
      /** The stream says at its end that it is over, as if all were well. */
      readonly isMarked?: boolean;
    };

type AnswerEnding = NonNullable<Extract<Reply, { kind: 'answer' }>['ending']>;

interface Usage {
  readonly prompt: number;
  readonly answer: number;
  readonly cached?: number;
  readonly costUsd?: number;
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

export interface FakeModelServer {
  readonly url: string;
  readonly received: readonly Received[];
  /** Without a reply left, a request is refused with 500. */
  readonly replies: Reply[];
  /** What GET /models answers; null: 404. */
  models: readonly string[] | null;
  /** Settles when a client next closes a connection before its reply's end. */
  waitForHangUp(): Promise<void>;
  close(): Promise<void>;
}

export async function startFakeModelServer(): Promise<FakeModelServer> {
  const received: Received[] = [];
  const replies: Reply[] = [];
  const hangUps: (() => void)[] = [];
  const server = createServer((request, response) => {
    response.on('close', () => {
      if (!response.writableEnded) {
        hangUps.splice(0).forEach((settle) => settle());
      }
    });
    serve(request, response).catch(() => response.destroy());
  });
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const given = await text(request);
    const body = given === '' ? {} : (JSON.parse(given) as Record<string, unknown>); // our client's
    received.push({ method, path: url, headers, body });
    if (method === 'GET' && /^\/v1\/models(\?|$)/u.test(url)) {
      const { models } = fake;
      sendJson(response, models ? 200 : 404, { data: models?.map((id) => ({ id })) });
      return;
    }
    const protocol = /\/v1\/(responses|messages|chat)/u.exec(url)?.[1] as Protocol | undefined; // as matched
    const reply = replies.shift() ?? { kind: 'refusal', status: 500 };
    if (protocol) {
      await sendReply(protocol, reply, response);
    } else {
      response.writeHead(404).end();
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  const fake: FakeModelServer = {
    url: `http://127.0.0.1:${port}`,
    received,
    replies,
    models: ['small', 'large'],
    waitForHangUp: () => new Promise((resolve) => hangUps.push(resolve)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return fake;
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function sendReply(
  protocol: Protocol,
  reply: Reply,
  response: ServerResponse,
): Promise<void> {
  if (reply.kind === 'refusal') {
    sendJson(response, reply.status, reply.body ?? { error: { message: 'no' } }, reply.headers);
    return;
  }
  const stream = streams[protocol];
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const usage =
    reply.kind === 'answer' ? (reply.usage === undefined ? counted : reply.usage) : counted;
  for (const event of [
    ...stream.start(usage),
    ...reply.pieces.map((piece) => stream.piece(piece)),
  ]) {
    sendEvent(response, event);
  }
  switch (reply.kind) {
    case 'answer':
      await reply.until;
      toEnding(stream.end(usage, reply.isLimited ?? false), reply.ending).forEach((event) =>
        sendEvent(response, event),
      );
      response.end(protocol === 'chat' || reply.ending === 'only a mark' ? 'data: [DONE]\n\n' : '');
      return;
    case 'error':
      stream.error(reply.code).forEach((event) => sendEvent(response, event));
      response.end(reply.isMarked ? 'data: [DONE]\n\n' : '');
      return;
    case 'broken':
      // Not before what was sent has gone out.
      response.write(': \n\n', () => response.destroy());
      return;
    case 'ended':
      response.end();
      return;
    case 'stalled':
  }
}

function toEnding(events: readonly Event[], ending: AnswerEnding = 'usual'): readonly Event[] {
  switch (ending) {
    case 'usual':
      return events;
    case 'only a mark':
      return [];
    case 'without its last event':
      return events.slice(0, -1);
  }
}

const counted: Usage = { prompt: 7, answer: 2 };

interface Event {
  readonly type?: string;
  readonly [field: string]: unknown;
}

function sendEvent(response: ServerResponse, event: Event): void {
  const name = event.type === undefined ? '' : `event: ${event.type}\n`;
  response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
}

interface StreamWriter {
  start(usage: Usage | null): readonly Event[];
  piece(text: string): Event;
  end(usage: Usage | null, isLimited: boolean): readonly Event[];
  error(code: string): readonly Event[];
}

const streams: Readonly<Record<Protocol, StreamWriter>> = {
  responses: {
    start: () => [{ type: 'response.created', response: { id: 'r1', status: 'in_progress' } }],
    piece: (delta) => ({ type: 'response.output_text.delta', item_id: 'm1', delta }),
    end: (usage, isLimited) => [
      {
        type: isLimited ? 'response.incomplete' : 'response.completed',
        response: {
          id: 'r1',
          status: isLimited ? 'incomplete' : 'completed',
          incomplete_details: isLimited ? { reason: 'max_output_tokens' } : null,
          usage: usage && { input_tokens: usage.prompt, output_tokens: usage.answer },
        },
      },
    ],
    error: (code) => [
      { type: 'response.failed', response: { error: { code, message: 'It broke.' } } },
    ],
  },
  chat: {
    start: () => [{ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }],
    piece: (content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    end: (usage, isLimited) => [
      { choices: [{ index: 0, delta: {}, finish_reason: isLimited ? 'length' : 'stop' }] },
      ...(usage
        ? [
            {
              choices: [],
              usage: {
                prompt_tokens: usage.prompt,
                completion_tokens: usage.answer,
                cost: usage.costUsd,
              },
            },
          ]
        : []),
    ],
    error: (code) => [{ error: { code, message: 'It broke.' } }],
  },
  messages: {
    start: (usage) => [
      {
        type: 'message_start',
        message: {
          id: 'm1',
          usage: usage && {
            input_tokens: usage.prompt - (usage.cached ?? 0),
            cache_read_input_tokens: usage.cached ?? 0,
            output_tokens: 1,
          },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ],
    piece: (piece) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: piece },
    }),
    end: (usage, isLimited) => [
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: isLimited ? 'max_tokens' : 'end_turn' },
        usage: usage && { output_tokens: usage.answer },
      },
      { type: 'message_stop' },
    ],
    error: (code) => [{ type: 'error', error: { type: code, message: 'It broke.' } }],
  },
};
