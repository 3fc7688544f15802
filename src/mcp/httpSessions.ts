// The MCP sessions that are open over HTTP, each its caller's alone: another's is as one that is not there.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ErrorCode as RpcErrorCode, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import type { Disposable } from '../base/disposable';
import type { Caller, Standing } from './httpAccess';
import { type Refusal, refuse, refuseForNow } from './httpGuard';
import { checkHeaders, countsAsCall, refuseWithoutSession } from './httpMessage';
import { HttpSession } from './httpSession';
import type { McpServerOptions } from './server';
import { SseSession } from './sseSession';

export interface SessionLimits {
  readonly maxSessions: number;
  /** With so many open responses a session takes no more calls; all else that it sends is taken. */
  readonly maxOpenResponses: number;
  /** An idle session is let go after this time. */
  readonly idleMs: number;
  /** When all sessions are taken, one that was idle this long makes room. */
  readonly evictAfterMs: number;
}

interface OpenSession {
  readonly session: HttpSession | SseSession;
  readonly caller: Caller;
}

export const sessionNotFound = -32001;
const evictWaitMs = 60_000;
/** How long the last answers may take to leave. */
const farewellMs = 2_000;

export class HttpSessions {
  readonly #limits: SessionLimits;
  readonly #toOptions: (caller: Caller) => McpServerOptions;
  readonly #open = new Map<string, OpenSession>();
  #isClosed = false;

  constructor(limits: SessionLimits, toOptions: (caller: Caller) => McpServerOptions) {
    this.#limits = limits;
    this.#toOptions = toOptions;
  }

  get count(): number {
    return this.#open.size;
  }

  /** `messages`: the body, if there is one. */
  find(request: IncomingMessage, messages: unknown, caller: Caller): HttpSession | Refusal {
    const { headers, method } = request;
    const id = headers['mcp-session-id'];
    const isFirst = id === undefined && isInitializeRequest(messages);
    if (this.#isClosed) {
      return refuse(404, 'This engine is ending: initialize with the next one.', sessionNotFound);
    }
    if (id === undefined && !isFirst) {
      return refuseWithoutSession(messages);
    }
    const fault = method === 'POST' ? checkHeaders(headers, messages) : null;
    if (fault) {
      return fault;
    }
    if (isFirst) {
      return this.#openFor(caller, (id, onClosed, options) => {
        return new HttpSession(caller.engine, { id, onClosed, options });
      });
    }
    const session = this.#get(String(id), caller);
    if (!(session instanceof HttpSession)) {
      return refuse(404, 'There is no such MCP session: initialize again.', sessionNotFound);
    }
    if ([messages].flat().some((one) => isInitializeRequest(one))) {
      return refuse(400, 'This session is initialized already.', RpcErrorCode.InvalidRequest);
    }
    return (countsAsCall(messages) ? this.#checkOpen(session, caller) : null) ?? session;
  }

  /** A stream of the older transport, which is an MCP session of its own. */
  openStream(caller: Caller, trackCall: () => Disposable): SseSession | Refusal {
    return this.#openFor(caller, (id, onClosed, options) => {
      return new SseSession(caller.engine, { id, onClosed, options: { ...options, trackCall } });
    });
  }

  /** The session of a stream, for what its client posts. */
  findStream(id: string | null, caller: Caller): SseSession | Refusal {
    const session = this.#get(id ?? '', caller);
    return session instanceof SseSession
      ? session
      : refuse(404, 'There is no such MCP session: open a stream again.', sessionNotFound);
  }

  letGoIdle(idleMs = this.#limits.idleMs): void {
    for (const { session } of this.#open.values()) {
      if (session.idleMs > idleMs) {
        session.close().catch(() => undefined);
      }
    }
  }

  /** Ends the sessions of those who may not call any more. */
  async letGoStrangers(readStanding: (caller: Caller) => Promise<Standing>): Promise<void> {
    for (const { session, caller } of [...this.#open.values()]) {
      const standing = await readStanding(caller);
      if (standing === 'revoked' || (standing === 'expired' && !session.isWorking)) {
        await session.close().catch(() => undefined);
      }
    }
  }

  /** Answers running calls with the engine's end, and ends every session. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const timeUp = AbortSignal.timeout(farewellMs);
    await Promise.all([...this.#open.values()].map(({ session }) => session.end(timeUp)));
  }

  #get(id: string, caller: Caller): OpenSession['session'] | undefined {
    const open = this.#open.get(id);
    if (open?.caller.id !== caller.id) {
      return undefined;
    }
    this.#open.set(id, { ...open, caller }); // whose token may be a newer one than it began with
    return open.session;
  }

  #checkOpen({ openResponses }: HttpSession, caller: Caller): Refusal | null {
    if (openResponses >= this.#limits.maxOpenResponses) {
      return refuseForNow(429, `This session has ${openResponses} open responses.`, 1_000);
    }
    const all = this.#listOf(caller).reduce((sum, { session }) => {
      return sum + (session instanceof HttpSession ? session.openCalls : 0);
    }, 0);
    return caller.limits && all >= caller.limits.openCalls
      ? refuseForNow(429, `This user has ${all} calls open at once: wait for their answers.`, 1_000)
      : null;
  }

  #listOf({ id }: Caller): readonly OpenSession[] {
    return [...this.#open.values()].filter(({ caller }) => caller.id === id);
  }

  #openFor<Session extends HttpSession | SseSession>(
    caller: Caller,
    create: (id: string, onClosed: () => void, options: McpServerOptions) => Session,
  ): Session | Refusal {
    const { maxSessions, evictAfterMs } = this.#limits;
    const ownLimit = caller.limits?.mcpSessions ?? maxSessions;
    const isFull = (): boolean => this.#open.size >= maxSessions;
    const isOwnFull = (): boolean => this.#listOf(caller).length >= ownLimit;
    if (isFull() || isOwnFull()) {
      this.letGoIdle(evictAfterMs);
    }
    if (this.#isClosed || isFull()) {
      return refuseForNow(503, `All ${maxSessions} MCP sessions are taken.`, evictWaitMs);
    }
    if (isOwnFull()) {
      const text = `All ${ownLimit} MCP sessions of this user are taken (mcp_sessions).`;
      return refuseForNow(429, text, evictWaitMs);
    }
    const id = randomUUID();
    const session = create(id, () => this.#open.delete(id), this.#toOptions(caller));
    this.#open.set(id, { session, caller });
    return session;
  }
}
