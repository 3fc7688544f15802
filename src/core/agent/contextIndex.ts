// Port: search over what is on record, as a projection of traces that can be made anew at any time. Implemented in
// src/index.

import type { TraceEvent } from '../event';
import type { Summary } from '../summary';

export interface ContextIndex {
  /** Takes in what traces hold and the index does not; told while it goes. Calls share one run. */
  catchUp(signal: AbortSignal, onProgress?: (done: number, total: number) => void): Promise<void>;
  /** @throws RlmError 'INVALID_INPUT' for a filter that cannot be; 'CANCELLED'. */
  search(query: RunQuery, signal: AbortSignal): Promise<RunHits>;
  /** Forgets what it holds and begins anew. */
  rebuild(signal: AbortSignal): Promise<void>;
  /** Deletes the text of sessions that are gone or older than `beforeMs` (epoch), from its files too. */
  vacuum(
    beforeMs: number | null,
    signal: AbortSignal,
  ): Promise<{ readonly removed: number; readonly bytes: number }>;
  /** Writes a copy that `restore` takes. */
  snapshot(file: string, signal: AbortSignal): Promise<void>;
  restore(file: string, signal: AbortSignal): Promise<void>;
  readStatus(): Promise<IndexStatus>;
  dispose(): Promise<void>;
}

export interface RunQuery {
  readonly text: string;
  readonly sessionId: string | null;
  readonly profileId: string | null;
  /** All of them. */
  readonly tags: readonly string[];
  /** Kinds of events; empty: all. */
  readonly kinds: readonly TraceEvent['kind'][];
  /** Epoch ms. */
  readonly since: number | null;
  readonly limit: number;
}

export interface RunHit {
  /** `<session>:<number of the event in its trace, from 0>` */
  readonly id: string;
  readonly sessionId: string;
  readonly title: Summary['title'];
  readonly kind: TraceEvent['kind'];
  readonly text: string;
  /** Higher is nearer; of one answer only. */
  readonly score: number;
  /** What found it: words, meaning, or both. */
  readonly why: string;
  readonly at: number;
}

export interface RunHits {
  readonly hits: readonly RunHit[];
  /** Traces that are not in the index yet; 0: all are. */
  readonly behind: number;
  /** What keeps this answer from being whole: no embeddings, an index that is being made. */
  readonly warnings: readonly string[];
}

export interface IndexStatus {
  readonly kind: string;
  readonly works: boolean;
  readonly detail: string;
  readonly entries: number;
  readonly bytes: number;
}
