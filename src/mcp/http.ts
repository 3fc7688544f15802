// Serves any number of clients over HTTP. Above 250 lines: the order in which a request is judged is
// read in one place, with its options.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ErrorCode as RpcErrorCode } from '@modelcontextprotocol/sdk/types.js';
import type { Rate } from '../base/tokenBuckets';
import type { Engine } from '../core/engine';
import { RlmError } from '../core/errors';
import { type Caller, type HttpAccess, TokenAccess } from './httpAccess';
import { type ConnectionLimits, HttpConnections } from './httpConnections';
import { HttpCertificate } from './httpCertificate';
import { allowPage, answerPreflight } from './httpCors';
import { HttpDoor } from './httpDoor';
import { type Exchange, beginExchange, observeExchange } from './httpExchange';
import { type RouteName, checkContent, checkHead, mcpPath, refuse } from './httpGuard';
import { type Origination, TrustedProxies, parseAllowedHost } from './httpHosts';
import { HttpListener, type TlsFiles } from './httpListener';
import type { HttpObserver } from './httpObserver';
import { type HttpOperations, sendJson, sendMetrics } from './httpOperations';
import { sendRefusal } from './httpReply';
import { HttpRpc } from './httpRpc';
import type { SessionLimits } from './httpSessions';
import { maxMessageBytes } from './rpcMessage';
import type { Additions, McpServerOptions } from './server';
import { type StallLimits, StalledResponses } from './stalledResponses';
import type { OffersSet } from './toolCall';

export interface HttpOptions {
  /** 0: any free port. */
  readonly port?: number;
  /** An address of this machine. */
  readonly host?: string;
  /** Names beside those of loopback, as `name` or `name:port`. */
  readonly allowedHosts?: readonly string[];
  /** Of web pages that may call. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and networks whose X-Forwarded headers are believed. */
  readonly trustedProxies?: readonly string[];
  readonly tls?: TlsFiles | null;
  /** Where clients find it, when not where it listens: `https://rlm.example.com`. */
  readonly publicUrl?: string | null;
  /** Whether clients of the older transport are served too. */
  readonly servesSse?: boolean;
  readonly limits?: Partial<HttpLimits>;
  /** Which tool sets clients get; all of them when left out. */
  readonly offersSet?: OffersSet;
  readonly additions?: Additions;
  /** Without it there are no probes and no metrics. */
  readonly operations?: HttpOperations;
  readonly observer?: HttpObserver;
  /** What goes on, for who runs the server. */
  readonly say?: (line: string) => void;
  /** Runs what a request asks for, in its course. */
  readonly inRequest?: <T>(requestId: string, run: () => Promise<T>) => Promise<T>;
}

export interface HttpLimits extends ConnectionLimits, SessionLimits, StallLimits {
  readonly maxBodyBytes: number;
  /** Of all bodies that are being read. */
  readonly maxBodiesBytes: number;
  /** Requests without a good token, from one address; null: any number. */
  readonly strangerRate: Rate | null;
}

export interface HttpServing {
  readonly url: string;
  readonly port: number;
  /** Takes no more calls, and is disposed when those that are open are answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
  /** Answers running calls with the end, cancels them, closes every stream and socket. Idempotent. */
  dispose(): Promise<void>;
}

export interface TokenServing extends HttpServing {
  readonly token: string;
}

const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: maxMessageBytes,
  maxBodiesBytes: 256_000_000,
  maxSessions: 64,
  maxOpenResponses: 256,
  maxConnections: 1_024,
  maxStrangers: 256,
  idleMs: 30 * 60_000,
  evictAfterMs: 60_000,
  maxWaitingBytes: 32_000_000,
  stalledMs: 60_000,
  strangerRate: null,
};

const minTokenChars = 22;
const sweepMs = 5_000;
const renewMs = 60_000;

/** One token opens `engine`; made at random when left out. @throws RlmError as `listenHttp`. */
export async function serveHttp(
  engine: Engine,
  options: HttpOptions & { readonly token?: string } = {},
): Promise<TokenServing> {
  const { token = randomBytes(32).toString('base64url'), ...rest } = options;
  if (token.length < minTokenChars || /\s/u.test(token)) {
    throw new RlmError('INVALID_INPUT', 'The bearer token is too short or holds spaces.', {
      nextStep: `Give at least ${minTokenChars} random characters, or none to have one made.`,
    });
  }
  return { ...(await listenHttp(new TokenAccess(engine, token), rest)), token };
}

/** @throws RlmError 'INVALID_INPUT' | 'BACKEND_UNAVAILABLE' when the port cannot be listened on. */
export async function listenHttp(access: HttpAccess, options: HttpOptions): Promise<HttpServing> {
  const { port = 0, host = '127.0.0.1', tls = null } = options;
  const endpoint = new HttpEndpoint(access, options);
  const listeningPort = await endpoint.listen(port, host);
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${listeningPort}${mcpPath}`,
    port: listeningPort,
    drain: (graceMs) => endpoint.drain(graceMs),
    dispose: () => endpoint.dispose(),
  };
}

class HttpEndpoint {
  readonly #access: HttpAccess;
  readonly #options: HttpOptions;
  readonly #allowedHosts: readonly string[];
  readonly #proxies: TrustedProxies;
  readonly #routes: readonly RouteName[];
  readonly #connections: HttpConnections;
  readonly #door: HttpDoor;
  readonly #rpc: HttpRpc;
  readonly #stalled: StalledResponses;
  readonly #sweepMs: number;
  readonly #timers: NodeJS.Timeout[] = [];
  #listener: HttpListener | undefined;
  #certificate: HttpCertificate | undefined;
  #port = 0;
  #disposing: Promise<void> | undefined;

  constructor(access: HttpAccess, options: HttpOptions) {
    const limits = { ...defaultHttpLimits, ...options.limits };
    this.#access = access;
    this.#options = options;
    this.#allowedHosts = (options.allowedHosts ?? []).map(parseAllowedHost);
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
    this.#routes = listRoutes(options);
    this.#connections = new HttpConnections(limits);
    this.#stalled = new StalledResponses(limits);
    this.#rpc = new HttpRpc(limits, (caller) => this.#toServerOptions(caller));
    this.#door = new HttpDoor({
      access,
      strangerRate: limits.strangerRate,
      toMetadataUrl: (from, path) =>
        this.#describeResource(from) ? this.#toPublicUrl(from, path) : null,
    });
    this.#sweepMs = Math.max(10, Math.min(sweepMs, limits.idleMs));
  }

  async listen(port: number, host: string): Promise<number> {
    const listener = await HttpListener.create(
      (request, response) => this.#take(request, response),
      this.#options.tls ?? null,
    );
    this.#listener = listener;
    listener.server.on(listener.connectionEvent, (socket: Socket) => this.#connections.add(socket));
    this.#port = await listener.listen(port, host);
    this.#every(this.#sweepMs, () => this.#sweep());
    const certificate = new HttpCertificate(listener, this.#options.say ?? (() => undefined));
    this.#certificate = certificate;
    this.#every(renewMs, () => void certificate.look());
    return this.#port;
  }

  async drain(graceMs: number): Promise<void> {
    await this.#rpc.drain(graceMs);
    await this.dispose();
  }

  dispose(): Promise<void> {
    return (this.#disposing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#timers.forEach((timer) => clearInterval(timer));
    const server = this.#listener?.server;
    const closed = new Promise<void>((resolve) => server?.close(() => resolve()));
    await this.#rpc.sessions.close();
    this.#listener?.closeConnections();
    await closed;
  }

  #every(ms: number, run: () => void): void {
    this.#timers.push(setInterval(run, ms).unref());
  }

  #sweep(): void {
    const { sessions } = this.#rpc;
    sessions.letGoIdle();
    this.#stalled.sweep(performance.now());
    void sessions.letGoStrangers((caller) => this.#access.readStanding(caller));
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { observer, inRequest = (_id, run) => run() } = this.#options;
    const exchange = beginExchange(request, response, this.#proxies);
    if (observer) {
      observeExchange(exchange, observer);
    }
    inRequest(exchange.requestId, () => this.#answer(exchange)).catch(() =>
      sendFailure(request, response),
    );
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response, from } = exchange;
    const { method = '', url = '', headers } = request;
    const head = { method, url, headers, host: from.host };
    const verdict = checkHead(head, {
      port: this.#port,
      allowedHosts: this.#allowedHosts,
      allowedOrigins: this.#options.allowedOrigins ?? [],
      routes: this.#routes,
    });
    if (verdict.kind === 'refused') {
      sendRefusal(request, response, verdict.refusal);
      return;
    }
    allowPage(response, headers.origin);
    if (verdict.kind === 'preflight') {
      answerPreflight(response);
      return;
    }
    exchange.route = verdict.route;
    if (!verdict.needsToken) {
      await this.#answerOpenly(exchange, verdict.route);
      return;
    }
    const found = await this.#door.identify(from, headers.authorization);
    if (response.closed) {
      return; // its client has left meanwhile: nothing would tell the end of what began now
    }
    if (found.kind === 'refused') {
      sendRefusal(request, response, found.refusal);
      return;
    }
    this.#connections.use(request.socket, response);
    if (verdict.route === 'metrics') {
      await this.#sendMetrics(exchange, found.kind === 'scraper' || found.mayReadMetrics);
    } else if (found.kind === 'scraper') {
      sendRefusal(request, response, refuse(403, 'This token is for /metrics alone.'));
    } else {
      const fault = checkContent(head) ?? this.#door.checkRate(found);
      await (fault ? sendRefusal(request, response, fault) : this.#answerCaller(exchange, found));
    }
  }

  async #answerCaller(exchange: Exchange, caller: Caller): Promise<void> {
    exchange.user = caller.name;
    this.#stalled.add(exchange.response, performance.now());
    await this.#rpc.answer(exchange, caller);
  }

  async #answerOpenly({ request, response, from }: Exchange, route: RouteName): Promise<void> {
    if (route === 'metadata') {
      const described = this.#describeResource(from);
      return described
        ? sendJson(response, 200, described)
        : sendRefusal(request, response, refuse(404, 'Tokens come from no authorization server.'));
    }
    const { operations } = this.#options;
    const isReadyz = route === 'readyz';
    const faults = isReadyz ? ((await operations?.findFaults()) ?? []) : [];
    const isEnding = isReadyz && this.#rpc.isDraining;
    const endsAt = this.#certificate?.state?.endsAt ?? Infinity;
    const all = [
      ...faults,
      ...(isReadyz && endsAt <= Date.now() ? ['The TLS certificate has ended.'] : []),
      ...(isEnding ? ['The server is ending.'] : []),
    ];
    return all.length === 0
      ? sendJson(response, 200, { status: 'ok' })
      : sendJson(response, 503, { status: 'failing', faults: all });
  }

  async #sendMetrics({ request, response }: Exchange, isAllowed: boolean): Promise<void> {
    const { operations } = this.#options;
    if (!isAllowed || !operations) {
      sendRefusal(request, response, refuse(403, 'This token may not read the metrics.'));
      return;
    }
    const counts = {
      mcpSessions: this.#rpc.sessions.count,
      openCalls: this.#rpc.openCalls,
      openResponses: this.#stalled.count,
      bodyBytes: this.#rpc.bodyBytes,
      certificate: this.#certificate?.state ?? null,
    };
    sendMetrics(response, await operations.writeMetrics(counts));
  }

  #describeResource(from: Origination): object | null {
    const url = this.#toPublicUrl(from, mcpPath);
    return this.#options.operations?.describeResource(url) ?? null;
  }

  #toPublicUrl({ isSecure, host }: Origination, path: string): string {
    const { publicUrl } = this.#options;
    return new URL(path, publicUrl ?? `${isSecure ? 'https' : 'http'}://${host}`).href;
  }

  #toServerOptions(caller: Caller): McpServerOptions {
    const { additions, offersSet, observer } = this.#options;
    return {
      ...(additions && { additions }),
      ...(offersSet && { offersSet }),
      ...(caller.scope && { scope: caller.scope }),
      gate: {
        admit: (tool) => caller.gate?.admit(tool) ?? null,
        ended: (call) => {
          caller.gate?.ended(call);
          observer?.callEnded({ ...call, user: caller.name });
        },
      },
    };
  }
}

function listRoutes({ operations, servesSse = false }: HttpOptions): readonly RouteName[] {
  return [
    'mcp',
    ...(servesSse ? (['sse', 'messages'] as const) : []),
    ...(operations ? (['metrics', 'metadata', 'healthz', 'readyz'] as const) : []),
  ];
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
