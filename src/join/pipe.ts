// A client on one side, a server on the other, JSON-RPC messages between them as they are. When the
// server goes away the next one takes its place, and the client's set-up moves with it.

import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ErrorCode as RpcErrorCode,
  isInitializeRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/sdk/types.js';
import { SerialQueue } from '../base/serialQueue';
import { ClientSession } from './clientSession';
import type { Link, RpcResponse } from './link';
import { type Greet, Linker, type LinkerParts } from './linker';
import { ServerRequests } from './serverRequests';

export interface PipeParts extends LinkerParts {
  readonly client: Transport;
}

interface PendingRequest {
  readonly request: JSONRPCRequest;
  /** Where it went; null while it waits. */
  link: Link | null;
  isSending: boolean;
}

/** Asking these twice changes nothing. */
const repeatableMethods: readonly string[] = [
  'ping',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
];
/** How often a pipe without a server looks for an engine while the client asks nothing. */
const lookMs = 1_000;
/** How long what a client said before it left may take to be delivered. */
const drainMs = 1_000;
const goneText =
  'The engine that ran this call ended before it answered. The session’s trace says how far it came; call again to go on.';

export class Pipe {
  /** Settles when the client has gone; rejects when no server could be had. */
  readonly closed: Promise<void>;
  readonly #client: Transport;
  readonly #log: (line: string) => void;
  readonly #linker: Linker;
  readonly #queue = new SerialQueue();
  readonly #pending = new Map<RequestId, PendingRequest>();
  readonly #asked = new ServerRequests();
  readonly #closing = new AbortController();
  #settle: (failure?: Error) => void = () => undefined;
  #session: ClientSession | null = null;
  #link: Link | null = null;
  #looking: NodeJS.Timeout | undefined;

  constructor(parts: PipeParts) {
    this.#client = parts.client;
    this.#log = parts.log;
    this.#linker = new Linker(parts, {
      onMessage: (message, link) => this.#takeFromServer(message, link),
      onLost: (link) => this.#onLost(link),
    });
    this.closed = new Promise((resolve, reject) => {
      this.#settle = (failure) => (failure ? reject(failure) : resolve());
    });
  }

  async start(): Promise<void> {
    this.#client.onmessage = (message: JSONRPCMessage) => this.#takeFromClient(message);
    this.#client.onclose = () => {
      this.#run(() => this.close()); // what the client still said is delivered first
      setTimeout(() => void this.close(), drainMs).unref();
    };
    await this.#client.start();
  }

  /** Ends both sides; running calls are cancelled. Idempotent, never rejects. */
  async close(failure?: Error): Promise<void> {
    if (this.#closing.signal.aborted) {
      return;
    }
    this.#closing.abort();
    clearTimeout(this.#looking);
    await this.#client.close().catch(() => undefined);
    await this.#link?.end();
    this.#settle(failure);
  }

  #takeFromClient(message: JSONRPCMessage): void {
    if (!('method' in message)) {
      const settled = this.#asked.settle(message);
      if (settled) {
        this.#run(async () => void (await settled.link.send(settled.answer)));
      }
    } else if ('id' in message) {
      this.#pending.set(message.id, { request: message, link: null, isSending: false });
      this.#run(() => this.#deliverRequest(message));
    } else {
      this.#run(() => this.#deliverNotification(message));
    }
  }

  /** One after another, so that a server gets the messages in the client's order. */
  #run(task: () => Promise<void>): void {
    this.#queue
      .run(async () => (this.#closing.signal.aborted ? undefined : task()))
      .catch((error: unknown) =>
        this.close(error instanceof Error ? error : new Error(String(error))),
      );
  }

  async #deliverRequest(request: JSONRPCRequest): Promise<void> {
    if (!this.#session) {
      await this.#begin(request);
      return;
    }
    const pending = this.#pending.get(request.id);
    while (pending && this.#pending.has(request.id)) {
      const link = this.#link ?? (await this.#relink(this.#session));
      pending.link = link;
      pending.isSending = true;
      const fault = await link.send(request);
      pending.isSending = false;
      if (fault === null) {
        return;
      }
      if (fault.kind === 'refused') {
        this.#answer(toError(request, RpcErrorCode.InternalError, fault.reason));
      } else if (fault.kind === 'unknown' && !isRepeatable(request)) {
        this.#answer(toError(request, RpcErrorCode.ConnectionClosed, goneText));
      }
    }
  }

  async #deliverNotification(notification: JSONRPCNotification): Promise<void> {
    const { method, params } = notification;
    if (method === 'notifications/initialized') {
      this.#session?.markInitialized();
    } else if (method === 'notifications/cancelled') {
      const requestId = params?.['requestId'];
      this.#pending.delete(typeof requestId === 'number' ? requestId : String(requestId));
    }
    // A server that is gone needs none of them; the next one learns from the session.
    await this.#link?.send(notification);
  }

  /** A client begins with `initialize`, and may ping before. */
  async #begin(request: JSONRPCRequest): Promise<void> {
    if (request.method === 'ping') {
      this.#answer({ jsonrpc: '2.0', id: request.id, result: {} });
    } else if (!isInitializeRequest(request)) {
      const text = 'Begin with an initialize request.';
      this.#answer(toError(request, RpcErrorCode.InvalidRequest, text));
    } else {
      const session = new ClientSession(request.params);
      this.#link = await this.#findServer((link, signal) => session.open(link, signal));
      this.#session = session;
      this.#answer({ jsonrpc: '2.0', id: request.id, result: { ...session.hello } });
    }
  }

  async #relink(session: ClientSession): Promise<Link> {
    clearTimeout(this.#looking);
    const link = await this.#findServer((next, signal) => session.restore(next, signal));
    this.#takeOver(link, session);
    return link;
  }

  async #findServer(greet: Greet): Promise<Link> {
    const { signal } = this.#closing;
    return (
      (await this.#linker.join(greet, signal)) ?? (await this.#linker.stayAlone(greet, signal))
    );
  }

  /** Until an engine can be joined, or the client asks something. */
  #look(session: ClientSession): void {
    this.#run(async () => {
      if (this.#link) {
        return;
      }
      const greet: Greet = (next, signal) => session.restore(next, signal);
      const link = await this.#linker.join(greet, this.#closing.signal);
      if (link) {
        this.#takeOver(link, session);
      } else {
        this.#looking = setTimeout(() => this.#look(session), lookMs).unref();
      }
    });
  }

  #takeOver(link: Link, session: ClientSession): void {
    this.#link = link;
    session.toChanges().forEach((change) => this.#tell(change));
  }

  #takeFromServer(message: JSONRPCMessage, link: Link): void {
    if (!('method' in message)) {
      const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
      if (pending?.link === link) {
        link.hasAnswered = true;
        this.#session?.noteAnswer(pending.request, message);
        this.#answer(message);
      }
    } else if ('id' in message) {
      this.#tell(this.#asked.add(message, link));
    } else if (message.method === 'notifications/cancelled') {
      const shown = this.#asked.cancel(message, link);
      if (shown) {
        this.#tell(shown);
      }
    } else {
      this.#tell(message);
    }
  }

  #onLost(link: Link): void {
    if (this.#closing.signal.aborted) {
      return;
    }
    this.#asked.drop(link).forEach((cancelled) => this.#tell(cancelled));
    if (link !== this.#link || !this.#session) {
      return;
    }
    this.#link = null;
    this.#log(`Lost ${link.label}.`);
    if (link.engineId !== null && !link.hasAnswered) {
      this.#linker.passOver(link.engineId);
    }
    for (const { request, ...pending } of this.#pending.values()) {
      if (pending.link !== link || pending.isSending) {
        continue;
      }
      if (isRepeatable(request)) {
        this.#run(() => this.#deliverRequest(request));
      } else {
        this.#answer(toError(request, RpcErrorCode.ConnectionClosed, goneText));
      }
    }
    this.#look(this.#session);
  }

  #answer(answer: RpcResponse): void {
    if (answer.id !== undefined) {
      this.#pending.delete(answer.id);
    }
    this.#tell(answer);
  }

  #tell(message: JSONRPCMessage): void {
    this.#client.send(message).catch(() => undefined); // a client that is gone is told nothing
  }
}

function isRepeatable({ method }: JSONRPCRequest): boolean {
  return repeatableMethods.includes(method);
}

function toError({ id }: JSONRPCRequest, code: number, message: string): RpcResponse {
  return { jsonrpc: '2.0', id, error: { code, message } };
}
