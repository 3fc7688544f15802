// Finds out who sends a request, and whether that one may send another one now.

import { type Rate, TokenBuckets } from '../base/tokenBuckets';
import { type AccessVerdict, type Caller, type HttpAccess, readBearer } from './httpAccess';
import { type Refusal, metadataPath, refuse, refuseForNow } from './httpGuard';
import type { Origination } from './httpHosts';

export type Identified =
  | Extract<AccessVerdict, { kind: 'caller' | 'scraper' }>
  | { readonly kind: 'refused'; readonly refusal: Refusal };

interface DoorParts {
  readonly access: HttpAccess;
  /** Requests without a good token, from one address; null: any number. */
  readonly strangerRate: Rate | null;
  /** Where clients find out how to get a token; null: nowhere. */
  readonly toMetadataUrl: (from: Origination, path: string) => string | null;
}

const unavailableWaitMs = 5_000;

export class HttpDoor {
  readonly #parts: DoorParts;
  readonly #buckets = new TokenBuckets(() => performance.now());

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Bad tokens are counted by where they come from; a good one is never held up by them. */
  async identify(from: Origination, authorization: string | undefined): Promise<Identified> {
    const verdict = await this.#parts.access.identify(readBearer(authorization));
    switch (verdict.kind) {
      case 'caller':
      case 'scraper':
        return verdict;
      case 'unavailable':
        return refused(refuseForNow(503, verdict.reason, unavailableWaitMs));
      case 'forbidden': {
        const fault = `error="insufficient_scope", scope="${verdict.scope}"`;
        const refusal = refuse(403, `The token lacks the scope ${verdict.scope}.`);
        return refused({ ...refusal, headers: this.#toChallenge(from, fault) });
      }
      case 'unknown':
        return refused(this.#refuseStranger(from, authorization !== undefined));
    }
  }

  /** Null: it may go on. */
  checkRate({ id, limits }: Caller): Refusal | null {
    const waitMs = limits ? this.#buckets.take(`caller ${id}`, limits.requests) : 0;
    return limits && waitMs > 0
      ? refuseForNow(
          429,
          `More than ${limits.requests.perMinute} requests a minute (requests_per_minute).`,
          waitMs,
        )
      : null;
  }

  #refuseStranger(from: Origination, hasToken: boolean): Refusal {
    const { strangerRate } = this.#parts;
    const key = `stranger ${from.address}`;
    const waitMs = strangerRate ? this.#buckets.take(key, strangerRate) : 0;
    if (waitMs > 0) {
      const text = 'Too many requests without a good token from this address.';
      return refuseForNow(429, text, waitMs);
    }
    const fault = hasToken ? 'error="invalid_token"' : null;
    const headers = this.#toChallenge(from, fault);
    return { ...refuse(401, 'The bearer token is missing or wrong.'), headers };
  }

  /** Source: RFC 6750, section 3; RFC 9728, section 5.1. */
  #toChallenge(from: Origination, fault: string | null): Record<string, string> {
    const url = this.#parts.toMetadataUrl(from, metadataPath);
    const parts = [
      ...(fault === null ? [] : [fault]),
      ...(url === null ? [] : [`resource_metadata="${url}"`]),
    ];
    return { 'WWW-Authenticate': `Bearer ${parts.join(', ')}`.trim() };
  }
}

function refused(refusal: Refusal): Identified {
  return { kind: 'refused', refusal };
}
