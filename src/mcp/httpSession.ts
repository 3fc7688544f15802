// One MCP session over HTTP: its own server object and transport, and what keeps it from being idle.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { type RequestId, isJSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import { type Disposable, toDisposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import { type Additions, createMcpServer } from './server';

interface HttpSessionParts {
  readonly id: string;
  readonly onClosed: () => void;
  readonly additions?: Additions | undefined;
}

export class HttpSession {
  readonly id: string;
  readonly #transport: StreamableHTTPServerTransport;
  readonly #connected: Promise<void>;
  /** Requests that came alone in their POST, whose stream serves nobody else. */
  readonly #alone = new Set<RequestId>();
  #openResponses = 0;
  #runningCalls = 0;
  #lastUsedAt = performance.now();

  constructor(engine: Engine, { id, onClosed, additions }: HttpSessionParts) {
    this.id = id;
    this.#transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => id });
    this.#transport.onclose = onClosed;
    const server = createMcpServer(engine, {
      trackCall: (requestId, signal) => this.#trackCall(requestId, signal),
      ...(additions ? { additions } : {}),
    });
    this.#connected = server.connect(this.#transport);
  }

  /** False while the client did not get through its initialize request. */
  get isInitialized(): boolean {
    return this.#transport.sessionId !== undefined;
  }

  get openResponses(): number {
    return this.#openResponses;
  }

  /** Milliseconds since anything was open or running; 0 while something is. */
  get idleMs(): number {
    const isBusy = this.#openResponses > 0 || this.#runningCalls > 0;
    return isBusy ? 0 : performance.now() - this.#lastUsedAt;
  }

  async handle(request: IncomingMessage, response: ServerResponse, body?: unknown): Promise<void> {
    this.#openResponses += 1;
    response.once('close', () => {
      this.#openResponses -= 1;
      this.#lastUsedAt = performance.now();
    });
    if (isJSONRPCRequest(body)) {
      this.#alone.add(body.id);
    }
    await this.#connected;
    await this.#transport.handleRequest(request, response, body);
  }

  /** Cancels running calls and ends every stream. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  #trackCall(requestId: RequestId, signal: AbortSignal): Disposable {
    this.#runningCalls += 1;
    return toDisposable(() => {
      this.#runningCalls -= 1;
      this.#lastUsedAt = performance.now();
      if (this.#alone.delete(requestId) && signal.aborted) {
        this.#transport.closeSSEStream(requestId); // a cancelled call gets no answer to end it
      }
    });
  }
}
