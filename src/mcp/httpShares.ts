// What each caller has open over HTTP: nobody takes the connections and the memory of all.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Disposable, toDisposable } from '../base/disposable';
import type { Caller } from './httpAccess';
import { type Refusal, refuseForNow } from './httpGuard';

interface Share {
  requests: number;
  bodyBytes: number;
}

const waitMs = 1_000;

export class HttpShares {
  readonly #maxBodiesBytes: number;
  /** Of callers who have something open. */
  readonly #shares = new Map<string, Share>();
  #bodyBytes = 0;

  /** `maxBodiesBytes`: of the bodies of all callers together. */
  constructor(maxBodiesBytes: number) {
    this.#maxBodiesBytes = maxBodiesBytes;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** Null: it may go on, and counts until `response` is closed, which it is not yet. */
  beginRequest({ id, limits }: Caller, response: ServerResponse): Refusal | null {
    const share = this.#get(id);
    if (limits && share.requests >= limits.openRequests) {
      return refuseForNow(429, `This user has ${share.requests} requests open at once.`, waitMs);
    }
    share.requests += 1;
    response.once('close', () => {
      share.requests -= 1;
      this.#forget(id, share);
    });
    return null;
  }

  /** Room for a body while it is read: as long as it is announced, else as long as one may be. */
  beginBody(
    { id, limits }: Caller,
    { headers }: IncomingMessage,
    maxBodyBytes: number,
  ): Disposable | Refusal {
    const share = this.#get(id);
    const bytes = Math.min(Number(headers['content-length'] ?? maxBodyBytes), maxBodyBytes);
    if (limits && share.bodyBytes + bytes > limits.bodyBytes) {
      const text = `This user sends more than ${limits.bodyBytes} bytes at once.`;
      return refuseForNow(429, text, waitMs);
    }
    // The machine's own user has no share to hold slow or broken clients to, so none of them may take it all.
    if (limits && this.#bodyBytes + bytes > this.#maxBodiesBytes) {
      this.#forget(id, share);
      return refuseForNow(503, 'The server reads as many large messages as it can.', waitMs);
    }
    const counted = limits ? bytes : 0;
    share.bodyBytes += counted;
    this.#bodyBytes += counted;
    return toDisposable(() => {
      share.bodyBytes -= counted;
      this.#bodyBytes -= counted;
      this.#forget(id, share);
    });
  }

  #get(id: string): Share {
    const share = this.#shares.get(id) ?? { requests: 0, bodyBytes: 0 };
    this.#shares.set(id, share);
    return share;
  }

  #forget(id: string, { requests, bodyBytes }: Share): void {
    if (requests === 0 && bodyBytes === 0) {
      this.#shares.delete(id);
    }
  }
}
