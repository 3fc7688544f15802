// Brings what a caller sends to the MCP session it belongs to, over either transport.

import { ErrorCode as RpcErrorCode, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { toDisposable } from '../base/disposable';
import type { Caller } from './httpAccess';
import { readBody } from './httpBody';
import { OpenCalls } from './httpCalls';
import type { Exchange } from './httpExchange';
import { type Refusal, refuse, refuseForNow } from './httpGuard';
import { countsAsCall, readMethod } from './httpMessage';
import { sendRefusal } from './httpReply';

import { HttpSession } from './httpSession';
import { HttpSessions, type SessionLimits, sessionNotFound } from './httpSessions';
import { HttpShares } from './httpShares';
import { parseMessages, toRequestIds } from './rpcMessage';
import type { McpServerOptions } from './server';
import { SseSession } from './sseSession';

export class HttpRpc {
  readonly sessions: HttpSessions;
  readonly #calls = new OpenCalls();
  readonly #shares: HttpShares;
  readonly #maxBodyBytes: number;
  #isDraining = false;

  constructor(
    limits: SessionLimits & { readonly maxBodyBytes: number; readonly maxBodiesBytes: number },
    toOptions: (caller: Caller) => McpServerOptions,
  ) {
    this.#maxBodyBytes = limits.maxBodyBytes;
    this.#shares = new HttpShares(limits.maxBodiesBytes);
    this.sessions = new HttpSessions(limits, toOptions);
  }

  get openCalls(): number {
    return this.#calls.count;
  }

  get bodyBytes(): number {
    return this.#shares.bodyBytes;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Takes no more calls, and settles when those that are open are answered, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true;
    await this.#calls.untilNone(graceMs);
  }

  async answer(exchange: Exchange, caller: Caller): Promise<void> {
    const { request, response, route } = exchange;
    const fault = this.#shares.beginRequest(caller, response);
    if (fault) {
      sendRefusal(request, response, fault);
      return;
    }
    if (request.method !== 'POST') {
      await (route === 'sse'
        ? this.#openStream(exchange, caller)
        : this.#pass(exchange, undefined, caller));
      return;
    }
    const room = this.#shares.beginBody(caller, request, this.#maxBodyBytes);
    if ('status' in room) {
      sendRefusal(request, response, room);
      return;
    }
    const body = await readBody(request, this.#maxBodyBytes).finally(() => room.dispose());
    const parsed = parseMessages(body);
    if (parsed.kind === 'refused') {
      sendRefusal(request, response, {
        status: body.kind === 'large' ? 413 : 400,
        ...parsed.fault,
      });
      return;
    }
    const { messages } = parsed;
    exchange.rpcMethod = readMethod(messages);
    if (this.#isDraining && countsAsCall(messages)) {
      sendRefusal(request, response, { ...refuseAtEnd(messages), ids: toRequestIds(messages) });
    } else if (route === 'messages') {
      this.#passToStream(exchange, messages, caller);
    } else {
      await this.#pass(exchange, messages, caller);
    }
  }

  /** `messages`: the body, if there is one. */
  async #pass({ request, response }: Exchange, messages: unknown, caller: Caller): Promise<void> {
    const session = this.sessions.find(request, messages, caller);
    if (!(session instanceof HttpSession)) {
      sendRefusal(request, response, { ids: toRequestIds(messages), ...session });
      return;
    }
    if (countsAsCall(messages)) {
      response.once('close', this.#calls.begin());
    }
    await session.handle(request, response, messages);
    if (!session.isInitialized) {
      await session.close();
    }
  }

  async #openStream({ request, response }: Exchange, caller: Caller): Promise<void> {
    const opened = this.#isDraining
      ? refuseAtEnd(undefined)
      : this.sessions.openStream(caller, () => {
          const end = this.#calls.begin();
          return toDisposable(() => setImmediate(end)); // its answer is written in the meantime
        });
    if (opened instanceof SseSession) {
      await opened.start(response);
    } else {
      sendRefusal(request, response, opened);
    }
  }

  /** The answers go to the session's stream; the POST is told only that the message was taken. */
  #passToStream({ request, response }: Exchange, messages: unknown, caller: Caller): void {
    const id = new URL(request.url ?? '', 'http://localhost').searchParams.get('sessionId');
    const session = this.sessions.findStream(id, caller);
    if (!(session instanceof SseSession)) {
      sendRefusal(request, response, { ids: toRequestIds(messages), ...session });
    } else if (session.receive(messages)) {
      response.writeHead(202).end();
    } else {
      const refusal = refuse(400, 'Not a JSON-RPC message.', RpcErrorCode.InvalidRequest);
      sendRefusal(request, response, { ...refusal, ids: toRequestIds(messages) });
    }
  }
}

/** A client whose session is gone initializes anew, and so comes to the next engine, or waits for it. */
function refuseAtEnd(messages: unknown): Refusal {
  return isInitializeRequest(messages) || messages === undefined
    ? refuseForNow(503, 'This engine is ending: initialize again in a moment.', 1_000)
    : refuse(404, 'This engine is ending: initialize with the next one.', sessionNotFound);
}
