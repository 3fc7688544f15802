// One MCP session over the older transport: a stream that the client reads, and posts to another path.
// Source: MCP specification 2024-11-05, transports, "HTTP with SSE".

import type { ServerResponse } from 'node:http';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { type Disposable, toDisposable } from '../base/disposable';
import type { Engine } from '../core/engine';
import { messagesPath } from './httpGuard';
import { type McpServer, type McpServerOptions, createMcpServer } from './server';

interface SseSessionParts {
  readonly id: string;
  readonly onClosed: () => void;
  readonly options: McpServerOptions;
}

/** So that nothing between server and client takes a quiet stream for a dead one. */
const heartbeatMs = 25_000;

export class SseSession {
  readonly id: string;
  readonly #engine: Engine;
  readonly #parts: SseSessionParts;
  #runningCalls = 0;
  #server: McpServer | null = null;
  #transport: StreamTransport | null = null;

  constructor(engine: Engine, parts: SseSessionParts) {
    this.id = parts.id;
    this.#engine = engine;
    this.#parts = parts;
  }

  /** Whether a call is running. */
  get isWorking(): boolean {
    return this.#runningCalls > 0;
  }

  /** A session is its stream: it is in use as long as that is open. */
  get idleMs(): number {
    return 0;
  }

  /** Begins the stream; its first event tells where to post. */
  async start(response: ServerResponse): Promise<void> {
    const { id, onClosed, options } = this.#parts;
    const transport = new StreamTransport(response, `${messagesPath}?sessionId=${id}`);
    this.#transport = transport;
    response.once('close', () => void this.close());
    transport.onclose = onClosed;
    const trackCall = (id: RequestId, signal: AbortSignal): Disposable => {
      const tracked = options.trackCall?.(id, signal);
      this.#runningCalls += 1;
      return toDisposable(() => {
        this.#runningCalls -= 1;
        tracked?.dispose();
      });
    };
    this.#server = createMcpServer(this.#engine, { ...options, trackCall });
    await this.#server.connect(transport);
  }

  /** False where it is no message, or the stream has ended. */
  receive(message: unknown): boolean {
    const parsed = JSONRPCMessageSchema.safeParse(message);
    if (!parsed.success || !this.#transport?.onmessage) {
      return false;
    }
    this.#transport.onmessage(parsed.data);
    return true;
  }

  /** Answers running calls with the engine's end before `close`. */
  async end(): Promise<void> {
    await this.#server?.end();
    await this.close();
  }

  /** Cancels running calls and ends the stream. */
  async close(): Promise<void> {
    const transport = this.#transport;
    this.#transport = null;
    if (transport) {
      await transport.close();
    }
    this.#parts.onClosed();
  }
}

class StreamTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  readonly #response: ServerResponse;
  readonly #endpoint: string;
  #heartbeat = toDisposable(() => undefined);

  constructor(response: ServerResponse, endpoint: string) {
    this.#response = response;
    this.#endpoint = endpoint;
  }

  async start(): Promise<void> {
    this.#response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    this.#response.write(`event: endpoint\ndata: ${this.#endpoint}\n\n`);
    const timer = setInterval(() => this.#response.write(': \n\n'), heartbeatMs).unref();
    this.#heartbeat = toDisposable(() => clearInterval(timer));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#response.writableEnded || this.#response.destroyed) {
      throw new Error('The stream has ended.');
    }
    this.#response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  async close(): Promise<void> {
    this.#heartbeat.dispose();
    this.#response.end();
    this.onclose?.();
  }
}
