// One connection from the pipe to a server, be it an engine elsewhere or one in this process.

import { randomUUID } from 'node:crypto';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  InitializeResultSchema,
  isJSONRPCResultResponse,
  type InitializeResult,
  type JSONRPCErrorResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { untilAborted } from '../base/abort';

export type RpcResponse = JSONRPCResultResponse | JSONRPCErrorResponse;
type RpcParams = JSONRPCRequest['params'];

/** The near end of a connection to a server. */
export interface LinkEnd {
  readonly transport: Transport;
  /** Closes it in good order: the server cancels what still runs for it. Never rejects. */
  readonly end: () => Promise<void>;
}

export interface LinkEvents {
  onMessage(message: JSONRPCMessage, link: Link): void;
  onLost(link: Link): void;
}

/** What became of a message that did not get through. */
export type SendFault =
  /** The server took it and said no; it serves on. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The server has as many calls open as it takes at a time; it serves on. */
  | { readonly kind: 'busy'; readonly reason: string }
  /** The server is gone, and did nothing with it. */
  | { readonly kind: 'undelivered' }
  /** The server is gone, and may have acted on it. */
  | { readonly kind: 'unknown' };

export class Link {
  /** For people: which server this is. */
  readonly label: string;
  /** Null: a server in this process. */
  readonly engineId: string | null;
  readonly #end: LinkEnd;
  readonly #events: LinkEvents;
  readonly #own = new Map<RequestId, (answer: RpcResponse) => void>();
  readonly #lost = new AbortController();
  /** Never an id of the client's. */
  readonly #idPrefix = `join-${randomUUID()}-`;
  #nextId = 0;
  /** Whether it answered any request of the client's. */
  hasAnswered = false;

  constructor(
    name: { readonly label: string; readonly engineId: string | null },
    end: LinkEnd,
    events: LinkEvents,
  ) {
    this.label = name.label;
    this.engineId = name.engineId;
    this.#end = end;
    this.#events = events;
    end.transport.onmessage = (message: JSONRPCMessage) => this.#onMessage(message);
    end.transport.onclose = () => this.#onClose();
    end.transport.onerror = () => undefined; // what matters comes back from `send`, or as a close
  }

  get isLost(): boolean {
    return this.#lost.signal.aborted;
  }

  /** Introduces the client. @throws when the server does not answer, or not as an MCP server. */
  async initialize(params: RpcParams, signal: AbortSignal): Promise<InitializeResult> {
    const { transport } = this.#end;
    await transport.start();
    const answer = await this.request('initialize', params, signal);
    if (!isJSONRPCResultResponse(answer)) {
      throw new Error(answer.error.message);
    }
    const result = InitializeResultSchema.parse(answer.result);
    transport.setProtocolVersion?.(result.protocolVersion);
    return result;
  }

  /** A request of the pipe's own, whose answer the client does not see. */
  async request(method: string, params: RpcParams, signal: AbortSignal): Promise<RpcResponse> {
    const id = `${this.#idPrefix}${this.#nextId++}`;
    const answered = new Promise<RpcResponse>((resolve) => this.#own.set(id, resolve));
    const message: JSONRPCRequest = { jsonrpc: '2.0', id, method, ...(params ? { params } : {}) };
    const sent = this.#end.transport.send(message).then(() => answered);
    const ended = AbortSignal.any([signal, this.#lost.signal]);
    try {
      return await untilAborted(sent, ended, () => new Error('it does not answer'));
    } finally {
      this.#own.delete(id);
    }
  }

  /** Null when it was sent. Messages sent one after another arrive in that order. */
  async send(message: JSONRPCMessage): Promise<SendFault | null> {
    let fault: SendFault | null = null;
    try {
      await this.#end.transport.send(message);
    } catch (error) {
      fault = toSendFault(error);
    }
    if (fault === null && this.isLost) {
      fault = { kind: 'unknown' };
    }
    if (fault?.kind === 'undelivered' || fault?.kind === 'unknown') {
      await this.drop();
    }
    return fault;
  }

  /** Closes it without a word to the server. */
  async drop(): Promise<void> {
    await this.#end.transport.close().catch(() => undefined);
  }

  async end(): Promise<void> {
    await this.#end.end();
  }

  #onMessage(message: JSONRPCMessage): void {
    const own = 'id' in message && message.id !== undefined ? this.#own.get(message.id) : undefined;
    if (own && !('method' in message)) {
      own(message);
    } else if (!this.isLost) {
      this.#events.onMessage(message, this);
    }
  }

  #onClose(): void {
    if (!this.isLost) {
      this.#lost.abort();
      this.#events.onLost(this);
    }
  }
}

/** Statuses of a server that is not, or no longer, the engine that was joined. */
function isGoneStatus(status: number): boolean {
  return status < 200 || (status >= 300 && status < 400) || [401, 403, 404].includes(status);
}

const tooManyCalls = 429;

function toSendFault(error: unknown): SendFault {
  if (error instanceof StreamableHTTPError) {
    const { code = 0 } = error;
    const { message: reason } = error;
    return isGoneStatus(code)
      ? { kind: 'undelivered' }
      : { kind: code === tooManyCalls ? 'busy' : 'refused', reason };
  }
  const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
  return { kind: isRefused ? 'undelivered' : 'unknown' };
}
