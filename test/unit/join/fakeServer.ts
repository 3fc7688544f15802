// Both ends of a pipe under the test's control: a client, and servers that answer as they are told.

import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type {
  JSONRPCMessage,
  JSONRPCNotification,
  JSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import type { LinkEnd } from '../../../src/join/link';

/** A transport that keeps what it is given. */
class RecordingTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  readonly sent: JSONRPCMessage[] = [];
  /** Any number of tests' waits listen at once. */
  readonly #ticks = new PassThrough({ objectMode: true }).setMaxListeners(0).resume();
  isClosed = false;

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    this.sent.push(message);
    this.#ticks.write(message);
  }

  async close(): Promise<void> {
    if (!this.isClosed) {
      this.isClosed = true;
      this.onclose?.();
    }
  }

  receive(message: JSONRPCMessage): void {
    this.onmessage?.(message);
  }

  /** The first message sent, now or later, that fits. */
  async until(fits: (message: JSONRPCMessage) => boolean): Promise<JSONRPCMessage> {
    for (;;) {
      const found = this.sent.find(fits);
      if (found) {
        return found;
      }
      await once(this.#ticks, 'data');
    }
  }

  async untilMethod(method: string): Promise<JSONRPCRequest> {
    const found = await this.until((one) => 'method' in one && one.method === method);
    return found as JSONRPCRequest; // of that method, as just looked for
  }
}

/** What the pipe sends here, the client has been told. */
export class FakeClient extends RecordingTransport {
  #nextId = 0;

  request(method: string, params: Record<string, unknown> = {}): number {
    const id = this.#nextId++;
    this.receive({ jsonrpc: '2.0', id, method, params });
    return id;
  }

  notify(method: string, params: Record<string, unknown> = {}): void {
    this.receive({ jsonrpc: '2.0', method, params });
  }

  /** The answer to a request: its result, or its error. */
  async answerTo(id: number): Promise<unknown> {
    const answer = await this.until((one) => !('method' in one) && one.id === id);
    return 'result' in answer ? answer.result : 'error' in answer ? answer.error : undefined;
  }

  async begin(): Promise<unknown> {
    const id = this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: { sampling: {} },
      clientInfo: { name: 'test', version: '1' },
    });
    const hello = await this.answerTo(id);
    this.notify('notifications/initialized');
    return hello;
  }

  get notifications(): readonly JSONRPCNotification[] {
    return this.sent.filter((one): one is JSONRPCNotification => 'method' in one && !('id' in one));
  }
}

export class FakeServer extends RecordingTransport implements LinkEnd {
  readonly name: string;
  readonly protocolVersion: string;
  /** Requests of these methods are left open. */
  readonly silent = new Set<string>();
  /** Thrown by the next sends. */
  failure: Error | null = null;
  /** It takes no more calls: requests but pings are refused as busy. */
  isFull = false;
  /** Messages that it will not take. */
  refuses: (message: JSONRPCMessage) => boolean = () => false;

  constructor(name: string, protocolVersion = '2025-11-25') {
    super();
    this.name = name;
    this.protocolVersion = protocolVersion;
  }

  get transport(): Transport {
    return this;
  }

  async end(): Promise<void> {
    await this.close();
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    if (this.isClosed) {
      throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    }
    if (this.failure) {
      throw this.failure;
    }
    if (this.isFull && 'method' in message && 'id' in message && message.method !== 'ping') {
      throw new StreamableHTTPError(429, 'This session has too many open responses.');
    }
    if (this.refuses(message)) {
      throw new StreamableHTTPError(413, 'The body is too large.');
    }
    await super.send(message);
    if ('method' in message && 'id' in message && !this.silent.has(message.method)) {
      const result = message.method === 'initialize' ? this.#hello() : { by: this.name };
      queueMicrotask(() => this.receive({ jsonrpc: '2.0', id: message.id, result }));
    }
  }

  #hello(): Record<string, unknown> {
    return {
      protocolVersion: this.protocolVersion,
      capabilities: { resources: { subscribe: true, listChanged: true }, tools: {} },
      serverInfo: { name: this.name, version: '1' },
    };
  }
}
