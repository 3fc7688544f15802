// A client on one side, a server on the other, JSON-RPC messages between them as they are. When the
// server goes away the next one takes its place, and the client's set-up moves with it.

import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ErrorCode as RpcErrorCode,
  isInitializeRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { SerialQueue } from '../base/serialQueue';
import { isEndedAnswer, toEndedAnswer } from '../mcp/endedAnswer';
import type { ClientSession } from './clientSession';
import { Connection } from './connection';
import type { Link, RpcResponse } from './link';
import { Linker, type LinkerParts } from './linker';
import { isRepeatable, toError } from './lostAnswer';
import { RequestLedger } from './requestLedger';
import { ServerRequests } from './serverRequests';

export interface PipeParts extends LinkerParts {
  readonly client: Transport;
  /** Tools that change nothing, by each of their names. */
  readonly readOnlyTools: ReadonlySet<string>;
}

/** How long what a client said before it left may take to be delivered. */
const drainMs = 1_000;

export class Pipe {
  /** Settles when the client has gone; rejects when no server could be had. */
  readonly closed: Promise<void>;
  readonly #client: Transport;
  readonly #log: (line: string) => void;
  readonly #connection: Connection;
  readonly #queue = new SerialQueue();
  readonly #requests: RequestLedger<Link>;
  readonly #asked = new ServerRequests();
  #settle: (failure?: Error) => void = () => undefined;

  constructor(parts: PipeParts) {
    this.#client = parts.client;
    this.#log = parts.log;
    this.#requests = new RequestLedger((request) => isRepeatable(request, parts.readOnlyTools));
    const linker = new Linker(parts, {
      onMessage: (message, link) => this.#takeFromServer(message, link),
      onLost: (link) => this.#onLost(link),
    });
    this.#connection = new Connection({
      linker,
      run: (task) => this.#run(task),
      onTakenOver: (session) => this.#onTakenOver(session),
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
    const { wasOpen, link } = this.#connection.close();
    if (!wasOpen) {
      return;
    }
    for (const request of this.#requests.unanswered) {
      this.#answer(
        failure
          ? toError(request, RpcErrorCode.InternalError, failure.message)
          : toEndedAnswer(request),
      );
    }
    await this.#client.close().catch(() => undefined);
    await link?.end();
    this.#settle(failure);
  }

  #takeFromClient(message: JSONRPCMessage): void {
    if (!('method' in message)) {
      this.#run(() => this.#deliverAnswer(message));
    } else if ('id' in message) {
      this.#requests.receive(message);
      this.#run(() => this.#deliverRequest(message));
    } else {
      this.#run(() => this.#deliverNotification(message));
    }
  }

  /** One after another, so that a server gets the messages in the client's order. */
  #run(task: () => Promise<void>): void {
    this.#queue
      .run(async () => (this.#connection.state.kind === 'closed' ? undefined : task()))
      .catch((error: unknown) =>
        this.close(error instanceof Error ? error : new Error(String(error))),
      );
  }

  async #deliverRequest(request: JSONRPCRequest): Promise<void> {
    this.#requests.release(request.id);
    switch (this.#connection.state.kind) {
      case 'new':
        return this.#begin(request);
      case 'opening':
      case 'closed':
        return;
      case 'linked':
      case 'unlinked':
        return this.#deliverWaiting();
    }
  }

  /** Sends what waits, in the client's order, for as long as there is a server with room for it. */
  async #deliverWaiting(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) {
      const link = await this.#connection.need();
      this.#requests.startSending(next.id, link);
      const fault = await link.send(next);
      switch (this.#requests.finishSending(next.id, link, fault?.kind ?? 'delivered')) {
        case 'refuse':
          this.#tell(toError(next, RpcErrorCode.InternalError, toReason(fault)));
          break;
        case 'fail':
          this.#tell(toEndedAnswer(next));
          break;
        case 'nothing':
        case 'wait':
          break;
      }
    }
  }

  #next(): JSONRPCRequest | null {
    const { state } = this.#connection;
    switch (state.kind) {
      case 'linked':
        return this.#requests.next(state.link);
      case 'unlinked':
        return this.#requests.next(null);
      case 'new':
      case 'opening':
      case 'closed':
        return null;
    }
  }

  /** A server that will not have an answer hears that instead: it waits for one. */
  async #deliverAnswer(message: RpcResponse): Promise<void> {
    const settled = this.#asked.settle(message);
    if (!settled) {
      return;
    }
    const { link, answer } = settled;
    const fault = await link.send(answer);
    if ((fault?.kind === 'refused' || fault?.kind === 'busy') && answer.id !== undefined) {
      const text = `The answer was refused: ${toReason(fault)}`;
      await link.send(toError({ id: answer.id }, RpcErrorCode.InternalError, text));
    }
  }

  async #deliverNotification(notification: JSONRPCNotification): Promise<void> {
    const { method, params } = notification;
    const { state, session } = this.#connection;
    if (method === 'notifications/initialized') {
      session?.markReady();
    } else if (method === 'notifications/cancelled') {
      const requestId = params?.['requestId'];
      this.#requests.drop(typeof requestId === 'number' ? requestId : String(requestId));
    }
    // A server that is gone needs none of them; the next one learns from the session.
    if (state.kind === 'linked') {
      await state.link.send(notification);
    }
    await this.#deliverWaiting(); // a cancelled call makes room
  }

  /** A client begins with `initialize`, and may ping before. */
  async #begin(request: JSONRPCRequest): Promise<void> {
    if (request.method === 'ping') {
      this.#answer({ jsonrpc: '2.0', id: request.id, result: {} });
    } else if (!isInitializeRequest(request)) {
      const text = 'Begin with an initialize request.';
      this.#answer(toError(request, RpcErrorCode.InvalidRequest, text));
    } else {
      const session = await this.#connection.open(request.params);
      if (session) {
        this.#answer({ jsonrpc: '2.0', id: request.id, result: { ...session.hello } });
      }
    }
  }

  #onTakenOver(session: ClientSession): void {
    session.toChanges().forEach((change) => this.#tell(change));
    this.#run(() => this.#deliverWaiting());
  }

  #takeFromServer(message: JSONRPCMessage, link: Link): void {
    if (!('method' in message)) {
      this.#takeAnswer(message, link);
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

  #takeAnswer(message: RpcResponse, link: Link): void {
    if (
      message.id === undefined ||
      (isEndedAnswer(message) && this.#requests.retry(message.id, link))
    ) {
      return; // what only reads is asked again, as soon as the link is gone
    }
    const request = this.#requests.settle(message.id, link);
    if (!request) {
      return;
    }
    link.hasAnswered = true;
    this.#connection.session?.noteAnswer(request, message);
    this.#tell(message);
    if (this.#next()) {
      this.#run(() => this.#deliverWaiting()); // an answered call makes room
    }
  }

  #onLost(link: Link): void {
    if (this.#connection.state.kind === 'closed') {
      return;
    }
    this.#asked.drop(link).forEach((cancelled) => this.#tell(cancelled));
    if (this.#connection.lose(link)) {
      this.#log(`Lost ${link.label}.`);
      this.#requests.lose(link).forEach((request) => this.#tell(toEndedAnswer(request)));
      this.#run(() => this.#deliverWaiting());
      this.#connection.look();
    }
  }

  /** Of the pipe's own making. */
  #answer(answer: RpcResponse): void {
    if (answer.id !== undefined) {
      this.#requests.drop(answer.id);
    }
    this.#tell(answer);
  }

  #tell(message: JSONRPCMessage): void {
    this.#client.send(message).catch(() => undefined); // a client that is gone is told nothing
  }
}

function toReason(fault: { readonly kind: string; readonly reason?: string } | null): string {
  return fault?.reason ?? 'the server refused it';
}
