// Summaries of traces that have not changed since they were read.

import type { FileHandle } from 'node:fs/promises';

import type { Summary } from '../core/summary';
import { type ContextScope, readTraceSummary } from './traceSummary';

const maxEntries = 1_000;

interface Entry {
  readonly size: number;
  readonly mtimeMs: number;
  readonly scope: ContextScope;
  readonly summary: Summary | undefined;
}

export class SummaryCache {
  readonly #entries = new Map<string, Entry>();

  async read(
    sessionId: string,
    file: FileHandle,
    scope: ContextScope,
  ): Promise<Summary | undefined> {
    const { size, mtimeMs } = await file.stat();
    const old = this.#entries.get(sessionId);
    const isFresh = old?.size === size && old.mtimeMs === mtimeMs;
    if (isFresh && (old.scope === scope || old.scope === 'all')) {
      return old.summary;
    }
    const summary = await readTraceSummary(file, size, scope);
    this.#entries.delete(sessionId);
    this.#entries.set(sessionId, { size, mtimeMs, scope, summary });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
    return summary;
  }

  forget(sessionId: string): void {
    this.#entries.delete(sessionId);
  }
}
