// How often something may be done, for each of many keys: so many at once, and so many a minute.

export interface Rate {
  readonly perMinute: number;
  /** At once, after a pause. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const msPerMinute = 60_000;

export class TokenBuckets {
  readonly #now: () => number;
  readonly #maxKeys: number;
  /** Longest unused first. */
  readonly #buckets = new Map<string, Bucket>();

  /** `now`: in ms, never going back. With more than `maxKeys`, the one longest unused is forgotten. */
  constructor(now: () => number, maxKeys = 10_000) {
    this.#now = now;
    this.#maxKeys = maxKeys;
  }

  /** Takes one, and gives 0; else how many ms it takes until there is one again. */
  take(key: string, { perMinute, burst }: Rate): number {
    const now = this.#now();
    const old = this.#buckets.get(key) ?? { tokens: burst, atMs: now };
    const grown = old.tokens + ((now - old.atMs) * perMinute) / msPerMinute;
    const tokens = Math.min(burst, grown);
    const isTaken = tokens >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: isTaken ? tokens - 1 : tokens, atMs: now });
    this.#forgetOldest();
    return isTaken ? 0 : Math.ceil(((1 - tokens) * msPerMinute) / perMinute);
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.#maxKeys && oldest !== undefined) {
      this.#buckets.delete(oldest);
    }
  }
}
