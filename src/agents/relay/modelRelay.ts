// The way of agents to their model: a server on loopback that lets a call pass when its run has the means for it, adds
// the key, and counts. It logs and keeps nothing of what passes. Each run has a token of its own, which opens nothing else.

import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import type { AdmittedCall, CallMeter } from '../../core/agent/masking';
import { RlmError } from '../../core/errors';
import { UsageReader, toDollars } from './callUsage';
import type { Price, Upstream } from './upstream';

/** One run's way; dispose it to close it. */
export interface RelayWay {
  /** For `base_url`. */
  readonly url: string;
  readonly token: string;
  dispose(): void;
}

interface Way {
  readonly readUpstream: () => Promise<Upstream>;
  readonly meter: CallMeter;
  readonly closing: AbortController;
}

const maxBodyBytes = 64_000_000;
/** What a model may answer at most, where the call does not say. */
const maxOutputTokens = 128_000;
/** Roles and tools take tokens that no byte of the call stands for. */
const extraTokens = 1_000;
const allowed = /^\/v1(?<path>\/responses(?:\/compact)?)(?:\?.*)?$/u;
const passedRequest = ['content-type', 'accept', 'openai-beta', 'version', 'user-agent'];
const passedResponse = ['content-type', 'retry-after', 'x-request-id'];

/** What a call must say so that it can be admitted and counted. In the background it would be answered, and paid for, later. */
const callSchema = z.looseObject({
  model: z.string(),
  max_output_tokens: z.number().positive().nullish(),
  background: z.literal(false).nullish(),
});

export class ModelRelay {
  readonly #ways = new Map<string, Way>();
  #server: Promise<Server> | null = null;

  /** `readUpstream`: asked before each call, so that a key that was changed holds at once. */
  async open(readUpstream: () => Promise<Upstream>, meter: CallMeter): Promise<RelayWay> {
    const server = await (this.#server ??= listen((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    }));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const token = randomBytes(32).toString('base64url');
    const key = toKey(token);
    const closing = new AbortController();
    this.#ways.set(key, { readUpstream, meter, closing });
    return {
      url: `http://127.0.0.1:${port}/v1`,
      token,
      dispose: () => {
        this.#ways.delete(key);
        closing.abort();
      },
    };
  }

  async dispose(): Promise<void> {
    [...this.#ways.values()].forEach(({ closing }) => closing.abort());
    this.#ways.clear();
    const server = await this.#server?.catch(() => null);
    if (server) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = /^Bearer (\S+)$/u.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const way = this.#ways.get(toKey(token));
    const path = allowed.exec(request.url ?? '')?.groups?.['path'];
    if (!way) {
      refuse(response, 401, 'This token opens no agent’s model.');
    } else if (request.method !== 'POST' || path === undefined) {
      refuse(response, 404, 'Only answers of models can be asked for here.');
    } else {
      const left = new AbortController();
      response.once('close', () => left.abort());
      const signal = AbortSignal.any([left.signal, way.closing.signal]);
      await this.#pass({ request, response, path, way, signal });
    }
  }

  async #pass(call: Passing): Promise<void> {
    const { request, response, way, signal } = call;
    const body = await readBody(request);
    if (!body) {
      refuse(response, 413, 'The call is too large.');
      return;
    }
    const asked = callSchema.safeParse(parseJson(body.toString())).data;
    if (!asked) {
      refuse(response, 400, 'This call cannot be counted, and is not made.');
      return;
    }
    let upstream: Upstream;
    try {
      upstream = await way.readUpstream();
    } catch (thrown) {
      refuse(response, 503, thrown instanceof RlmError ? thrown.message : 'No model is set up.');
      return;
    }
    const { model, max_output_tokens: most } = asked;
    const price = findPrice(upstream, model);
    const input = body.byteLength + extraTokens; // a token is at least a byte
    const output = most ?? maxOutputTokens;
    const admitted = await way.meter.admit(
      {
        tokens: input + output,
        usd: price && toDollars({ input, cachedInput: 0, output }, price),
      },
      signal,
    );
    if (admitted) {
      await forward(call, { body, upstream, price, admitted });
    } else if (!response.destroyed) {
      refuse(response, 402, 'The budget of this agent is used up.');
    }
  }
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly way: Way;
  readonly signal: AbortSignal;
}

async function forward(
  { request, response, path, signal }: Passing,
  call: {
    readonly body: Buffer;
    readonly upstream: Upstream;
    readonly price: Price | null;
    readonly admitted: AdmittedCall;
  },
): Promise<void> {
  const { body, upstream, price, admitted } = call;
  const query = new URLSearchParams(upstream.query).toString();
  const given = passedRequest.flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  let reader: UsageReader | null = null;
  let isAnswer = false;
  try {
    const answer = await fetch(`${upstream.baseUrl}${path}${query && `?${query}`}`, {
      method: 'POST',
      headers: { ...Object.fromEntries(given), ...upstream.headers },
      body: new Uint8Array(body),
      redirect: 'error', // the key goes to the server that it is for
      signal,
    });
    const counting = new UsageReader(answer.headers.get('content-type') ?? '');
    reader = counting;
    isAnswer = answer.ok;
    const headers = passedResponse.flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    response.writeHead(answer.status, Object.fromEntries(headers));
    if (!answer.ok) {
      response.end(withoutSecrets(await answer.text(), upstream)); // some quote the key
    } else if (answer.body) {
      await pipeline(
        Readable.fromWeb(answer.body), // the same streams under two names
        async function* count(chunks: AsyncIterable<Uint8Array>) {
          for await (const chunk of chunks) {
            counting.push(chunk);
            yield chunk;
          }
        },
        response,
      );
    } else {
      response.end();
    }
  } catch {
    if (!response.headersSent) {
      refuse(response, 502, `${upstream.name} could not be reached.`);
    } else {
      response.destroy();
    }
  } finally {
    settle(admitted, { reader, isAnswer, bodyBytes: body.byteLength, price });
  }
}

/** An answer that broke off is counted by its length: it was paid for all the same. */
function settle(
  admitted: AdmittedCall,
  {
    reader,
    isAnswer,
    bodyBytes,
    price,
  }: {
    readonly reader: UsageReader | null;
    readonly isAnswer: boolean;
    readonly bodyBytes: number;
    readonly price: Price | null;
  },
): void {
  const told = reader?.end() ?? null;
  const guessed = {
    input: Math.ceil(bodyBytes / 4),
    cachedInput: 0,
    output: Math.ceil((reader?.bytes ?? 0) / 4),
  };
  const usage = told ?? (isAnswer ? guessed : { input: 0, cachedInput: 0, output: 0 });
  admitted.settle(usage.input + usage.output, price ? toDollars(usage, price) : null);
}

/** The name is an agent's: what every object has is no price. */
function findPrice({ prices }: Upstream, model: string): Price | null {
  return Object.hasOwn(prices, model) ? (prices[model] ?? null) : null;
}

function withoutSecrets(text: string, { secrets }: Upstream): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '[masked]'), text);
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) {
      return null;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ error: { type: 'rlm_companion', code: null, message } }));
}

function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  return new Promise<Server>((resolve, reject) => {
    const server = createServer(answer);
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Found by its hash, so that the time it takes tells nothing of a token. */
function toKey(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
