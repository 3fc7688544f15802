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
import { ClientSession } from './clientSession';
import type { Link, RpcResponse } from './link';
import { type Greet, Linker, type LinkerParts } from './linker';
import { isRepeatable, toError } from './lostAnswer';
import { RequestLedger } from './requestLedger';
import { ServerRequests } from './serverRequests';

export interface PipeParts extends LinkerParts {
  readonly client: Transport;
  /** Tools that change nothing, by each of their names. */
  readonly readOnlyTools: ReadonlySet<string>;
}

type PipeState =
  /** The client has not introduced itself. */
  | { readonly kind: 'new' }
  /** It has; its first server is looked for. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'linked'; readonly session: ClientSession; readonly link: Link }
  /** Its server is gone; the next one is looked for now and then, and when the client asks. */
  | { readonly kind: 'unlinked'; readonly session: ClientSession }
  | { readonly kind: 'closed' };

/** How often a pipe without a server looks for an engine while the client asks nothing. */
const lookMs = 1_000;
/** How long what a client said before it left may take to be delivered. */
const drainMs = 1_000;

export class Pipe {
  /** Settles when the client has gone; rejects when no server could be had. */
  readonly closed: Promise<void>;
  readonly #client: Transport;
  readonly #log: (line: string) => void;
  readonly #linker: Linker;
  readonly #queue = new SerialQueue();
  readonly #requests: RequestLedger<Link>;
  readonly #asked = new ServerRequests();
  readonly #closing = new AbortController();
  #settle: (failure?: Error) => void = () => undefined;
  #state: PipeState = { kind: 'new' };
  #looking: NodeJS.Timeout | undefined;

  constructor(parts: PipeParts) {
    this.#client = parts.client;
    this.#log = parts.log;
    this.#requests = new RequestLedger((request) => isRepeatable(request, parts.readOnlyTools));
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
    const before = this.#state;
    if (before.kind === 'closed') {
      return;
    }
    this.#state = { kind: 'closed' };
    this.#closing.abort();
    clearTimeout(this.#looking);
    for (const request of this.#requests.unanswered) {
      this.#answer(
        failure
          ? toError(request, RpcErrorCode.InternalError, failure.message)
          : toEndedAnswer(request),
      );
    }
    await this.#client.close().catch(() => undefined);
    if (before.kind === 'linked') {
      await before.link.end();
    }
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
      .run(async () => (this.#state.kind === 'closed' ? undefined : task()))
      .catch((error: unknown) =>
        this.close(error instanceof Error ? error : new Error(String(error))),
      );
  }

  async #deliverRequest(request: JSONRPCRequest): Promise<void> {
    this.#requests.release(request.id);
    switch (this.#state.kind) {
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
      const link = await this.#needLink();
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
    switch (this.#state.kind) {
      case 'linked':
        return this.#requests.next(this.#state.link);
      case 'unlinked':
        return this.#requests.next(null);
      case 'new':
      case 'opening':
      case 'closed':
        return null;
    }
  }

  /** The server that is linked, or the next one. @throws as `Linker.stayAlone` */
  async #needLink(): Promise<Link> {
    const state = this.#state;
    switch (state.kind) {
      case 'linked':
        return state.link;
      case 'unlinked': {
        clearTimeout(this.#looking);
        const { session } = state;
        const link = await this.#findServer((next, signal) => session.restore(next, signal));
        this.#takeOver(link, session);
        return link;
      }
      case 'new':
      case 'opening':
      case 'closed':
        throw new Error('The connection is not open.');
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
    const state = this.#state;
    if (method === 'notifications/initialized' && 'session' in state) {
      state.session.markReady();
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
      this.#state = { kind: 'opening' };
      const session = new ClientSession(request.params);
      const link = await this.#findServer((next, signal) => session.open(next, signal));
      if (this.#link(link, session)) {
        this.#answer({ jsonrpc: '2.0', id: request.id, result: { ...session.hello } });
      }
    }
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
      if (this.#state.kind !== 'unlinked') {
        return;
      }
      const greet: Greet = (next, signal) => session.restore(next, signal);
      const link = await this.#linker.join(greet, this.#closing.signal);
      if (link) {
        this.#takeOver(link, session);
        await this.#deliverWaiting();
      } else {
        this.#looking = setTimeout(() => this.#look(session), lookMs).unref();
      }
    });
  }

  #takeOver(link: Link, session: ClientSession): void {
    if (this.#link(link, session)) {
      session.toChanges().forEach((change) => this.#tell(change));
    }
  }

  /** False when the pipe was closed while the server was looked for. */
  #link(link: Link, session: ClientSession): boolean {
    if (this.#state.kind === 'closed') {
      void link.end();
      return false;
    }
    this.#state = { kind: 'linked', session, link };
    return true;
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
    if ('session' in this.#state) {
      this.#state.session.noteAnswer(request, message);
    }
    this.#tell(message);
    if (this.#next()) {
      this.#run(() => this.#deliverWaiting()); // an answered call makes room
    }
  }

  #onLost(link: Link): void {
    const state = this.#state;
    if (state.kind === 'closed') {
      return;
    }
    this.#asked.drop(link).forEach((cancelled) => this.#tell(cancelled));
    if (state.kind !== 'linked' || state.link !== link) {
      return;
    }
    const { session } = state;
    this.#state = { kind: 'unlinked', session };
    this.#log(`Lost ${link.label}.`);
    if (link.engineId !== null && !link.hasAnswered) {
      this.#linker.passOver(link.engineId);
    }
    this.#requests.lose(link).forEach((request) => this.#tell(toEndedAnswer(request)));
    this.#run(() => this.#deliverWaiting());
    this.#look(session);
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
