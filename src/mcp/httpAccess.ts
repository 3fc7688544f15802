// Port: who may call over HTTP. What a caller sees is the engine that comes with it, and nothing else.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Rate } from '../base/tokenBuckets';
import type { Engine } from '../core/engine';
import type { CallGate } from './callGate';
import type { AgentScope } from './server';

/** Somebody with sessions of his own. */
export interface Caller {
  readonly kind: 'caller';
  /** The same for every request of one, and of nobody else. */
  readonly id: string;
  /** For the server's log; null: there is only one. */
  readonly name: string | null;
  readonly engine: Engine;
  /** The token that was shown, by its id; null: it cannot be taken back alone. */
  readonly credential: string | null;
  /** Null: none, as for the machine's own user. */
  readonly limits: CallerLimits | null;
  readonly gate: CallGate | null;
  readonly mayReadMetrics: boolean;
  /** Of an agent; left out: it is the engine's user. */
  readonly scope?: AgentScope;
}

export interface CallerLimits {
  readonly requests: Rate;
  /** MCP sessions open at a time. */
  readonly mcpSessions: number;
  /** Requests that are not answered yet, streams among them. */
  readonly openRequests: number;
  /** Of these, calls: fewer, so that a client can still cancel them and answer what they ask. */
  readonly openCalls: number;
  /** Of bodies that are being read. */
  readonly bodyBytes: number;
}

export type AccessVerdict =
  | Caller
  /** A token for the metrics alone. */
  | { readonly kind: 'scraper' }
  | { readonly kind: 'unknown' }
  /** The token is good, but not for this. `scope`: what it lacks. */
  | { readonly kind: 'forbidden'; readonly scope: string }
  /** It cannot be found out now. `reason`: for the caller to read. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface HttpAccess {
  /** `token`: empty when none came. Never rejects for what a token is. */
  identify(token: string): Promise<AccessVerdict>;
  /** What becomes of what a caller has opened. */
  readStanding(caller: Caller): Promise<Standing>;
}

/** `expired`: its last token has run out; what it has begun may end. `revoked`: the token was taken back. */
export type Standing = 'current' | 'expired' | 'revoked';

/** One token, which opens one engine. */
export class TokenAccess implements HttpAccess {
  readonly #hash: Buffer;
  readonly #caller: Caller;

  constructor(engine: Engine, token: string) {
    this.#hash = toHash(token);
    const none = { credential: null, limits: null, gate: null };
    this.#caller = {
      kind: 'caller',
      id: 'owner',
      name: null,
      engine,
      ...none,
      mayReadMetrics: true,
    };
  }

  /** Hashes make both sides equally long, so that the comparison takes the same time for any token. */
  async identify(token: string): Promise<AccessVerdict> {
    return timingSafeEqual(toHash(token), this.#hash) ? this.#caller : { kind: 'unknown' };
  }

  async readStanding(): Promise<Standing> {
    return 'current';
  }
}

/** What stands behind `Bearer`; empty when there is nothing of the kind. */
export function readBearer(authorization: string | undefined): string {
  return /^Bearer +(\S+)$/iu.exec(authorization ?? '')?.[1] ?? '';
}

function toHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
