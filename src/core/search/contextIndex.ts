// Port: what traces hold, so that it can be searched. Never the only copy: it is made of traces, and can be made again
// at any time. Implemented in src/search.

import { RlmError } from '../errors';
import type { TraceAction } from '../traceActions';
import type { SearchWords } from './searchWords';

export const entryOutcomes = ['ok', 'error', 'stopped', 'running'] as const;
export type EntryOutcome = (typeof entryOutcomes)[number];

/** One event of a trace that means something to who searches. */
export interface IndexEntry {
  /** Of the event in its trace, from 0. With the session it is the entry's id: `session:number`. */
  readonly number: number;
  /** Epoch ms. */
  readonly at: number;
  readonly step: number;
  readonly kind: TraceAction;
  readonly outcome: EntryOutcome;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** Paths that it is about. */
  readonly files: readonly string[];
  readonly tags: readonly string[];
  /** Other sessions that it names. */
  readonly relatedSessions: readonly string[];
}

export interface IndexedSession {
  readonly sessionId: string;
  readonly title: string;
  /** Null: a session with a REPL. */
  readonly profileId: string | null;
  readonly parentSessionId: string | null;
  readonly relationship: 'child' | 'fork' | null;
}

/** How far a trace is indexed. */
export interface IndexStanding {
  /** Of the trace when it was read to its end; empty: it was not. */
  readonly mark: string;
  /** Where reading goes on; null: at its beginning. */
  readonly position: string | null;
  readonly nextNumber: number;
  /** Of what has begun and not ended, for the one who goes on. */
  readonly held: string;
  /** Lines of the trace that hold no event any more. */
  readonly unreadable: number;
}

export interface IndexBatch {
  readonly sessionId: string;
  /** Null: it is known from an earlier batch. */
  readonly session: IndexedSession | null;
  /** Where the writer found the index; another engine may have gone on meanwhile. Null: the session is new to it. */
  readonly from: string | null;
  readonly to: IndexStanding;
  /** The trace is not what was indexed of it: all of that goes first. */
  readonly isRestart: boolean;
  readonly put: readonly IndexEntry[];
  /** Numbers of entries that others have taken the place of. */
  readonly remove: readonly number[];
}

export interface IndexFilter {
  /** Null: any. */
  readonly sessionIds: readonly string[] | null;
  readonly profileId: string | null;
  readonly kinds: readonly TraceAction[] | null;
  /** An entry must have all of them. */
  readonly tags: readonly string[];
  /** Epoch ms, inclusive. */
  readonly since: number | null;
  readonly until: number | null;
}

export interface IndexQuery {
  readonly words: SearchWords;
  /** Of the query, by the model that entries have vectors of; null: words alone. */
  readonly vector: { readonly model: string; readonly values: readonly number[] } | null;
  readonly filter: IndexFilter;
  readonly offset: number;
  readonly limit: number;
}

export interface IndexHit {
  readonly session: IndexedSession;
  readonly entry: IndexEntry;
  /** Higher is better, comparable within one answer. */
  readonly score: number;
  /** Of the words of the query, those that are in it. */
  readonly matched: readonly string[];
  /** Cosine of the angle between its vector and the query's; null: it was not found by meaning. */
  readonly similarity: number | null;
}

export interface IndexPage {
  /** Best first; without words the newest first. */
  readonly hits: readonly IndexHit[];
  /** That match, on all pages. */
  readonly total: number;
}

export interface IndexStats {
  readonly sessions: number;
  readonly entries: number;
  /** Of its files. */
  readonly bytes: number;
  readonly unreadableLines: number;
  /** Entries that have a vector. */
  readonly vectors: number;
  /** What was found wrong with it when it was opened, and is mended; null: nothing. */
  readonly mended: string | null;
}

export interface UnvectoredEntry {
  /** Of the index, not of the trace. */
  readonly id: number;
  readonly title: string;
  readonly text: string;
}

export interface EntryVector {
  readonly id: number;
  readonly vector: readonly number[];
}

export interface IndexHealth {
  readonly works: boolean;
  /** `unavailable`: it cannot be had here. */
  readonly state: 'ready' | 'not-built' | 'unavailable';
  readonly detail: string;
  readonly nextStep: string | null;
  /** Null where it is not built, or not to be had. */
  readonly stats: IndexStats | null;
}

/** All methods @throws RlmError 'BACKEND_UNAVAILABLE' where it cannot be had, 'INTERNAL_ERROR' where it fails. */
export interface ContextIndex {
  /** By session. */
  readStandings(): Promise<ReadonlyMap<string, IndexStanding>>;
  /** All of it or nothing; false: the index does not stand where the batch goes on. */
  write(batch: IndexBatch): Promise<boolean>;
  /** Their texts are in no byte of the index afterwards. */
  forget(sessionIds: readonly string[]): Promise<void>;
  search(query: IndexQuery): Promise<IndexPage>;
  /** Entries that have no vector of this model, the newest first. */
  listUnvectored(model: string, limit: number): Promise<readonly UnvectoredEntry[]>;
  /** In place of those of other models. */
  putVectors(model: string, vectors: readonly EntryVector[]): Promise<void>;
  /** Never rejects, and builds nothing. */
  readHealth(): Promise<IndexHealth>;
  dispose(): Promise<void>;
}

/** The index was damaged and is empty now; the next run of the indexer fills it. */
export class IndexRebuiltError extends RlmError {
  constructor() {
    super('INTERNAL_ERROR', 'The index of sessions was damaged and is made anew.', {
      nextStep: 'Search again.',
    });
  }
}
