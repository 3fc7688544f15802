// One MCP session over HTTP: its own server object and transport, and what keeps it from being idle.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CancelledNotificationSchema,
  type JSONRPCNotification,
  type RequestId,
  isJSONRPCNotification,
  isJSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { untilAborted } from '../base/abort';
import { type Disposable, toDisposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import { countsAsCall } from './httpMessage';
import { type McpServer, type McpServerOptions, createMcpServer } from './server';

/** Cancellations kept for calls that have not come yet. */
const maxEarlyCancellations = 100;

interface HttpSessionParts {
  readonly id: string;
  readonly onClosed: () => void;
  readonly options: McpServerOptions;
}

export class HttpSession {
  readonly id: string;
  readonly #transport: StreamableHTTPServerTransport;
  readonly #server: McpServer;
  readonly #connected: Promise<void>;
  /** Requests that came alone in their POST, whose stream serves nobody else. */
  readonly #alone = new Set<RequestId>();
  readonly #running = new Set<RequestId>();
  /** A client's POSTs may overtake each other: cancellations of calls that have not come yet. */
  readonly #early = new Map<RequestId, JSONRPCNotification>();
  #openResponses = 0;
  #openCalls = 0;
  #tellLeft: () => void = () => undefined;
  #lastUsedAt = performance.now();

  constructor(engine: Engine, { id, onClosed, options }: HttpSessionParts) {
    this.id = id;
    this.#transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id });
    this.#transport.onclose = onClosed;
    this.#server = createMcpServer(engine, {
      ...options,
      trackCall: (requestId, signal) => this.#trackCall(requestId, signal),
    });
    this.#connected = this.#server.connect(this.#transport);
  }

  /** False while the client did not get through its initialize request. */
  get isInitialized(): boolean {
    return this.#transport.sessionId !== undefined;
  }

  /** Of POSTs that ask for work. */
  get openCalls(): number {
    return this.#openCalls;
  }

  get openResponses(): number {
    return this.#openResponses;
  }

  /** Whether a call is running. */
  get isWorking(): boolean {
    return this.#running.size > 0;
  }

  /** Milliseconds since anything was open or running; 0 while something is. */
  get idleMs(): number {
    const isBusy = this.#openResponses > 0 || this.#running.size > 0;
    return isBusy ? 0 : performance.now() - this.#lastUsedAt;
  }

  async handle(request: IncomingMessage, response: ServerResponse, body?: unknown): Promise<void> {
    const calls = countsAsCall(body) ? 1 : 0;
    this.#openResponses += 1;
    this.#openCalls += calls;
    response.once('close', () => {
      this.#openResponses -= 1;
      this.#openCalls -= calls;
      this.#checkLeft();
      this.#lastUsedAt = performance.now();
      if (isJSONRPCRequest(body)) {
        this.#alone.delete(body.id);
      }
    });
    if (isJSONRPCRequest(body)) {
      this.#alone.add(body.id);
    } else if (isJSONRPCNotification(body)) {
      this.#keepEarly(body);
    }
    await this.#connected;
    await this.#transport.handleRequest(request, response, body);
  }

  /** Cancels running calls and ends every stream. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Answers running calls with the engine's end before `close`; settles when the last response has left. */
  async end(signal: AbortSignal): Promise<void> {
    await this.#server.end();
    const left = new Promise<void>((resolve) => {
      this.#tellLeft = resolve;
      this.#checkLeft();
    });
    await untilAborted(left, signal, () => new Error('a client does not read')).catch(
      () => undefined,
    );
  }

  #checkLeft(): void {
    if (this.#openResponses === 0) {
      this.#tellLeft();
    }
  }

  #keepEarly(notification: JSONRPCNotification): void {
    const requestId = CancelledNotificationSchema.safeParse(notification).data?.params.requestId;
    if (requestId === undefined || this.#running.has(requestId)) {
      return;
    }
    this.#early.set(requestId, notification);
    const [oldest] = this.#early.keys();
    if (this.#early.size > maxEarlyCancellations && oldest !== undefined) {
      this.#early.delete(oldest);
    }
  }

  #trackCall(requestId: RequestId, signal: AbortSignal): Disposable {
    this.#running.add(requestId);
    const cancelled = this.#early.get(requestId);
    if (cancelled) {
      this.#early.delete(requestId);
      queueMicrotask(() => this.#transport.onmessage?.(cancelled));
    }
    return toDisposable(() => {
      this.#running.delete(requestId);
      this.#lastUsedAt = performance.now();
      if (this.#alone.delete(requestId) && signal.aborted) {
        this.#transport.closeSSEStream(requestId); // a cancelled call gets no answer to end it
      }
    });
  }
}
