// The words between the engine and the thread of the index.

import type {
  EntryVector,
  UnvectoredEntry,
  IndexBatch,
  IndexPage,
  IndexQuery,
  IndexStanding,
  IndexStats,
} from '../core/search/contextIndex';

/** Each with its arguments and its result. Values are copied as they are. */
export interface IndexCalls {
  readonly readStandings: { args: []; result: ReadonlyMap<string, IndexStanding> };
  readonly write: { args: [batch: IndexBatch]; result: boolean };
  readonly forget: { args: [sessionIds: readonly string[]]; result: void };
  readonly search: { args: [query: IndexQuery]; result: IndexPage };
  readonly listUnvectored: {
    args: [model: string, limit: number];
    result: readonly UnvectoredEntry[];
  };
  readonly putVectors: { args: [model: string, vectors: readonly EntryVector[]]; result: void };
  readonly readStats: { args: []; result: IndexStats };
}

export type IndexCallName = keyof IndexCalls;

export interface IndexRequest {
  readonly id: number;
  readonly name: IndexCallName;
  readonly args: readonly unknown[];
}

export interface IndexFault {
  /** `damaged`: the file, which is made anew. `unavailable`: there can be no index here. */
  readonly kind: 'damaged' | 'unavailable' | 'failed';
  readonly message: string;
  readonly nextStep: string;
}

export type IndexReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly fault: IndexFault };
