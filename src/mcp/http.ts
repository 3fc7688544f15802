// Serves any number of clients over Streamable HTTP on the loopback interface. Above 250 lines: the
// order in which a request is judged is read in one place.

import { randomBytes, randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ErrorCode as RpcErrorCode, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Engine } from '../core/engine';
import { RlmError } from '../core/errors';
import { readBody } from './httpBody';
import { type ConnectionLimits, HttpConnections } from './httpConnections';
import { type Refusal, checkRequest, mcpPath, refuse } from './httpGuard';
import { checkHeaders, countsAsCall, refuseWithoutSession } from './httpMessage';
import { sendRefusal } from './httpReply';
import { HttpSession } from './httpSession';
import { maxMessageBytes, parseMessages, toRequestIds } from './rpcMessage';
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

interface HttpLimits extends ConnectionLimits {
  readonly maxBodyBytes: number;
  readonly maxSessions: number;
  /** With so many open responses a session takes no more calls; all else that it sends is taken. */
  readonly maxOpenResponses: number;
  /** An idle session is let go after this time. */
  readonly idleMs: number;
  /** When all sessions are taken, one that was idle this long makes room. */
  readonly evictAfterMs: number;
}

export interface HttpServing {
  readonly url: string;
  readonly token: string;
  readonly port: number;
  /** Answers running calls with the end, cancels them, closes every stream and socket. Idempotent. */
  dispose(): Promise<void>;
}

const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: maxMessageBytes,
  maxSessions: 64,
  maxOpenResponses: 256,
  maxConnections: 1_024,
  maxStrangers: 256,
  idleMs: 30 * 60_000,
  evictAfterMs: 60_000,
};

/** Against clients that send slowly or hold connections. */
const socketLimits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
} as const;
const minTokenChars = 22;
const sessionNotFound = -32001;
/** How long the last answers may take to leave. */
const farewellMs = 2_000;

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
  readonly #connections: HttpConnections;
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
    this.#connections = new HttpConnections(this.#limits);
    this.#server = createServer(socketLimits, (request, response) => {
      this.#answer(request, response).catch(() => sendFailure(request, response));
    });
    this.#server.on('connection', (socket) => this.#connections.add(socket));
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
    const timeUp = AbortSignal.timeout(farewellMs);
    await Promise.all([...this.#sessions.values()].map((session) => session.end(timeUp)));
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
    this.#connections.use(request.socket, response);
    if (method !== 'POST') {
      await this.#pass(request, response, undefined);
      return;
    }
    const body = await readBody(request, this.#limits.maxBodyBytes);
    const parsed = parseMessages(body);
    if (parsed.kind === 'refused') {
      sendRefusal(request, response, {
        status: body.kind === 'large' ? 413 : 400,
        ...parsed.fault,
      });
    } else {
      await this.#pass(request, response, parsed.messages);
    }
  }

  /** `messages`: the body, if there is one. */
  async #pass(request: IncomingMessage, response: ServerResponse, messages: unknown) {
    const session = this.#findSession(request, messages);
    if (!(session instanceof HttpSession)) {
      sendRefusal(request, response, { ids: toRequestIds(messages), ...session });
      return;
    }
    await session.handle(request, response, messages);
    if (!session.isInitialized) {
      await session.close();
    }
  }

  #findSession(request: IncomingMessage, messages: unknown): HttpSession | Refusal {
    const { headers, method } = request;
    const id = headers['mcp-session-id'];
    const isFirst = id === undefined && isInitializeRequest(messages);
    if (this.#disposing) {
      return refuse(404, 'This engine is ending: initialize with the next one.', sessionNotFound);
    }
    if (id === undefined && !isFirst) {
      return refuseWithoutSession(messages);
    }
    const fault = method === 'POST' ? checkHeaders(headers, messages) : null;
    if (fault) {
      return fault;
    }
    if (isFirst) {
      return this.#openSession();
    }
    const session = this.#sessions.get(String(id));
    if (!session) {
      return refuse(404, 'There is no such MCP session: initialize again.', sessionNotFound);
    }
    if ([messages].flat().some((one) => isInitializeRequest(one))) {
      return refuse(400, 'This session is initialized already.', RpcErrorCode.InvalidRequest);
    }
    if (countsAsCall(messages) && session.openResponses >= this.#limits.maxOpenResponses) {
      const refusal = refuse(429, `This session has ${session.openResponses} open responses.`);
      return { ...refusal, headers: { 'Retry-After': '1' } };
    }
    return session;
  }

  #openSession(): HttpSession | Refusal {
    if (this.#sessions.size >= this.#limits.maxSessions) {
      this.#letGo(this.#limits.evictAfterMs);
    }
    if (this.#sessions.size >= this.#limits.maxSessions) {
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

/** Where nothing has been answered yet, and somebody may still be there to read it. */
function sendFailure(request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent || request.destroyed) {
    response.destroy();
  } else {
    const text = 'The request failed in the server.';
    sendRefusal(request, response, refuse(500, text, RpcErrorCode.InternalError));
  }
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
