// Serves any number of clients over Streamable HTTP on the loopback interface.

import { randomBytes, randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isInitializeRequest, isJSONRPCNotification } from '@modelcontextprotocol/sdk/types.js';
import type { Engine } from '../core/engine';
import { RlmError } from '../core/errors';
import { type Body, readBody } from './httpBody';
import { type Refusal, checkRequest, mcpPath, refuse } from './httpGuard';
import { HttpSession } from './httpSession';
import type { Additions } from './server';
import type { OffersSet } from './toolCall';

export interface HttpOptions {
  /** 0: any free port. */
  readonly port?: number;
  readonly host?: '127.0.0.1' | '::1';
  /** At least 22 characters (128 bits); made at random when left out. */
  readonly token?: string;
  readonly allowedOrigins?: readonly string[];
  readonly limits?: Partial<HttpLimits>;
  /** Which tool sets clients get; all of them when left out. */
  readonly offersSet?: OffersSet;
  readonly additions?: Additions;
}

interface HttpLimits {
  readonly maxBodyBytes: number;
  readonly maxSessions: number;
  /** Open responses of one MCP session, streams among them. */
  readonly maxStreams: number;
  /** An idle session is let go after this time. */
  readonly idleMs: number;
  /** When all sessions are taken, one that was idle this long makes room. */
  readonly evictAfterMs: number;
}

export interface HttpServing {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Cancels running calls, closes every stream and socket. Idempotent. */
  dispose(): Promise<void>;
}

const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 16_000_000,
  maxSessions: 64,
  maxStreams: 64,
  idleMs: 30 * 60_000,
  evictAfterMs: 60_000,
};

/** Against clients that send slowly or hold connections. */
const socketLimits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
} as const;
const maxConnections = 1_024;
const minTokenChars = 22;
const lingerMs = 1_000;
const sessionNotFound = -32001;

/** @throws RlmError 'INVALID_INPUT' | 'BACKEND_UNAVAILABLE' when the port cannot be listened on. */
export async function serveHttp(engine: Engine, options: HttpOptions = {}): Promise<HttpServing> {
  const { port = 0, host = '127.0.0.1', token = randomBytes(32).toString('base64url') } = options;
  if (token.length < minTokenChars || /\s/u.test(token)) {
    throw new RlmError('INVALID_INPUT', 'The bearer token is too short or holds spaces.', {
      nextStep: `Give at least ${minTokenChars} random characters, or none to have one made.`,
    });
  }
  const serving = new HttpEndpoint(engine, token, options);
  const listeningPort = await serving.listen(port, host);
  const name = host === '::1' ? '[::1]' : host;
  return {
    url: `http://${name}:${listeningPort}${mcpPath}`,
    token,
    port: listeningPort,
    dispose: () => serving.dispose(),
  };
}

class HttpEndpoint {
  readonly #engine: Engine;
  readonly #token: string;
  readonly #allowedOrigins: readonly string[];
  readonly #offered: Pick<HttpOptions, 'additions' | 'offersSet'>;
  readonly #limits: HttpLimits;
  readonly #server: Server;
  readonly #sessions = new Map<string, HttpSession>();
  #port = 0;
  #sweep: NodeJS.Timeout | undefined;
  #disposing: Promise<void> | undefined;

  constructor(engine: Engine, token: string, options: HttpOptions) {
    this.#engine = engine;
    this.#token = token;
    this.#allowedOrigins = options.allowedOrigins ?? [];
    const { additions, offersSet } = options;
    this.#offered = { ...(additions && { additions }), ...(offersSet && { offersSet }) };
    this.#limits = { ...defaultHttpLimits, ...options.limits };
    this.#server = createServer(socketLimits, (request, response) => {
      // Only a client that went away gets here: there is nobody left to answer.
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.maxConnections = maxConnections;
  }

  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(toListenError(cause, port, host)));
      this.#server.listen({ port, host, exclusive: true }, resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port; // a TCP server that listens
    const sweepMs = Math.max(10, Math.min(60_000, this.#limits.idleMs));
    this.#sweep = setInterval(() => this.#letGo(this.#limits.idleMs), sweepMs).unref();
    return this.#port;
  }

  dispose(): Promise<void> {
    return (this.#disposing ??= this.#close());
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweep);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.close()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const refusal = checkRequest(
      { method, url, headers },
      { port: this.#port, token: this.#token, allowedOrigins: this.#allowedOrigins },
    );
    if (refusal) {
      sendRefusal(request, response, refusal);
      return;
    }
    const body: Body =
      method === 'POST'
        ? await readBody(request, this.#limits.maxBodyBytes)
        : { kind: 'json', value: undefined };
    const session = body.kind === 'refused' ? body.refusal : this.#findSession(request, body.value);
    if (!(session instanceof HttpSession)) {
      sendRefusal(request, response, session);
    } else if (body.kind === 'json') {
      await session.handle(request, response, body.value);
      if (!session.isInitialized) {
        await session.close();
      }
    }
  }

  #findSession(request: IncomingMessage, body: unknown): HttpSession | Refusal {
    const id = request.headers['mcp-session-id'];
    if (id === undefined && isInitializeRequest(body)) {
      return this.#openSession();
    }
    if (id === undefined) {
      return refuse(400, 'Begin with an initialize request, then send its Mcp-Session-Id.');
    }
    const session = this.#sessions.get(String(id));
    if (!session) {
      return refuse(404, 'There is no such MCP session: initialize again.', sessionNotFound);
    }
    const mayStream = request.method !== 'DELETE' && !isJSONRPCNotification(body); // these always pass
    if (mayStream && session.openResponses >= this.#limits.maxStreams) {
      const refusal = refuse(429, `This session has ${session.openResponses} open responses.`);
      return { ...refusal, headers: { 'Retry-After': '1' } };
    }
    return session;
  }

  #openSession(): HttpSession | Refusal {
    if (this.#sessions.size >= this.#limits.maxSessions) {
      this.#letGo(this.#limits.evictAfterMs);
    }
    if (this.#disposing || this.#sessions.size >= this.#limits.maxSessions) {
      const refusal = refuse(503, `All ${this.#limits.maxSessions} MCP sessions are taken.`);
      return { ...refusal, headers: { 'Retry-After': '60' } };
    }
    const id = randomUUID();
    const session = new HttpSession(this.#engine, {
      id,
      onClosed: () => this.#sessions.delete(id),
      offered: this.#offered,
    });
    this.#sessions.set(id, session);
    return session;
  }

  #letGo(idleMs: number): void {
    for (const session of this.#sessions.values()) {
      if (session.idleMs > idleMs) {
        session.close().catch(() => undefined);
      }
    }
  }
}

/** A body that was not read is drained for a moment, so that the client gets to see the answer. */
function sendRefusal(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { status, code, message, headers } = refusal;
  const body = JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null });
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
    ...(request.complete ? {} : { Connection: 'close' }),
  });
  if (request.complete || request.method !== 'POST') {
    response.end(body);
    return;
  }
  response.write(body);
  const timer = setTimeout(() => request.destroy(), lingerMs).unref();
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => response.end());
  request.resume();
}

function toListenError(cause: Error, port: number, host: string): RlmError {
  const isTaken = 'code' in cause && cause.code === 'EADDRINUSE';
  return new RlmError(
    'BACKEND_UNAVAILABLE',
    isTaken
      ? `Port ${port} on ${host} is in use.`
      : `Cannot listen on ${host}:${port}: ${cause.message}.`,
    { cause, nextStep: 'Choose another port, or 0 for any free one.' },
  );
}
