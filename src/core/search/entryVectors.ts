// Gives the entries of an index their vectors, where a server of embeddings is set up. Where that fails, words alone are
// searched, and it is not asked again for a while.

import type { Disposable } from '../../base/disposable';
import { cutText } from '../../base/text';
import type { Clock } from '../clock';
import { toRlmError } from '../errors';
import type { ContextIndex } from './contextIndex';
import type { Embedder } from './embedder';

interface EntryVectorsParts {
  readonly index: Pick<ContextIndex, 'listUnvectored' | 'putVectors'>;
  readonly embedder: Embedder;
  readonly clock: Clock;
}

/** Of one request. */
const batchEntries = 64;
/** Of one entry: models read no more than some hundred words. */
const maxChars = 2_000;
const retryMs = 60_000;

export class EntryVectors implements Disposable {
  readonly #parts: EntryVectorsParts;
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;
  #failed: { readonly at: number; readonly why: string } | null = null;

  constructor(parts: EntryVectorsParts) {
    this.#parts = parts;
  }

  get model(): string {
    return this.#parts.embedder.model;
  }

  /** Why there are none for now; null: nothing is known to be wrong. */
  get fault(): string | null {
    return this.#failed?.why ?? null;
  }

  /** When every entry has its vector, or it cannot be had. Calls share one run. Never rejects. */
  catchUp(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  /** Of a query; null where it cannot be had. */
  async embedQuery(text: string, signal: AbortSignal): Promise<readonly number[] | null> {
    if (this.#isResting()) {
      return null;
    }
    return this.#try(async () => {
      const asked = AbortSignal.any([signal, this.#ending.signal]);
      const [vector] = await this.#parts.embedder.embed([cutText(text, maxChars).text], asked);
      return vector ?? null;
    });
  }

  dispose(): void {
    this.#ending.abort();
  }

  async #run(): Promise<void> {
    const { index, embedder } = this.#parts;
    const { signal } = this.#ending;
    while (!signal.aborted && !this.#isResting()) {
      const hasMore = await this.#try(async () => {
        const entries = await index.listUnvectored(embedder.model, batchEntries);
        if (entries.length === 0) {
          return false;
        }
        const texts = entries.map(({ title, text }) => cutText(`${title}\n${text}`, maxChars).text);
        const vectors = await embedder.embed(texts, signal);
        await index.putVectors(
          embedder.model,
          entries.map(({ id }, at) => ({ id, vector: vectors[at] ?? [] })),
        );
        return true;
      });
      if (hasMore !== true) {
        return;
      }
    }
  }

  #isResting(): boolean {
    return this.#failed !== null && this.#parts.clock.monotonic() - this.#failed.at < retryMs;
  }

  async #try<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      const result = await call();
      this.#failed = null;
      return result;
    } catch (thrown) {
      const { code, message } = toRlmError(thrown);
      if (code !== 'CANCELLED') {
        this.#failed = { at: this.#parts.clock.monotonic(), why: message };
      }
      return null;
    }
  }
}
