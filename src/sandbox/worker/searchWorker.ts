// A worker that looks through contexts with V8: trusted code over the shared bytes, with patterns
// that are not. It is thrown away when a pattern does not end.

import { Buffer, isAscii } from 'node:buffer';
import { parentPort, workerData } from 'node:worker_threads';
import type {
  CountArgs,
  FoundCounts,
  FoundPlaces,
  GrepArgs,
  LoadMessage,
  PlaceColumns,
  SearchArgs,
} from '../../protocol/worker';
import { rankTexts } from './rankTexts';
import { SearchRefusal } from './searchRefusal';
import { TextIndex } from './textPositions';
import { type Found, type SourceText, countMatches, grepTexts, toColumns } from './textSearch';

export interface SearchInit {
  /** Places that one search may find, so that they fit into the session's memory. */
  readonly maxPlaces: number;
}

export type SearchAsk = { readonly id: number; readonly texts: readonly string[] } & (
  | { readonly kind: 'grep'; readonly args: GrepArgs }
  | { readonly kind: 'count'; readonly args: CountArgs }
  | { readonly kind: 'search'; readonly args: SearchArgs }
);

/** `texts`: what is looked through where no context is named. */
export type SearchMessage =
  | ({ readonly kind: 'context' } & Pick<LoadMessage, 'contextIndex' | 'bytes' | 'sources'>)
  | SearchAsk;

export type SearchAnswer =
  | { readonly id: number; readonly found: FoundPlaces; readonly columns: PlaceColumns }
  | { readonly id: number; readonly counted: FoundCounts }
  | {
      readonly id: number;
      readonly error: { readonly code: SearchRefusal['code']; readonly message: string };
    };

/** Made by the sandbox process; tests start this worker without. */
const init = workerData as SearchInit | null;
/** By context index, by source. Decoded when first looked at, then kept. */
const contexts = new Map<number, LazyText[]>();

class LazyText {
  readonly #index: number;
  readonly #bytes: Uint8Array;
  #decoded: SourceText | undefined;

  constructor(index: number, bytes: Uint8Array) {
    this.#index = index;
    this.#bytes = bytes;
  }

  get(): SourceText {
    if (!this.#decoded) {
      const text = decode(this.#bytes);
      this.#decoded = { index: this.#index, text, textIndex: new TextIndex(text) };
    }
    return this.#decoded;
  }
}

parentPort?.on('message', (message: SearchMessage) => {
  if (message.kind === 'context') {
    contexts.set(message.contextIndex, splitSources(message.bytes, message.sources));
  } else {
    const answered = answer(message);
    const moved = 'columns' in answered ? [answered.columns.buffer as ArrayBuffer] : []; // its own
    parentPort?.postMessage(answered, moved);
  }
});

function answer(message: SearchAsk): SearchAnswer {
  const { id } = message;
  const texts = chooseTexts(message);
  if (texts === undefined) {
    const { contextIndex, source } = message.args;
    const which = `context ${contextIndex}, source ${source ?? 'any'}`;
    return { id, error: { code: 'INVALID_INPUT', message: `There is no ${which}.` } };
  }
  try {
    if (message.kind === 'count') {
      return { id, counted: countMatches(texts, message.args) };
    }
    const { hits, truncated, total, note = null } = find(message, texts);
    const { scores, marks, starts } = hits;
    return {
      id,
      found: { count: starts.length, truncated, total, scores, marks, note },
      columns: toColumns(hits),
    };
  } catch (error) {
    if (error instanceof SearchRefusal) {
      return { id, error: { code: error.code, message: error.message } };
    }
    if (error instanceof SyntaxError) {
      return { id, error: { code: 'INVALID_INPUT', message: error.message } };
    }
    throw error;
  }
}

function find(message: Exclude<SearchAsk, { kind: 'count' }>, texts: Iterable<SourceText>): Found {
  return message.kind === 'grep'
    ? grepTexts(texts, message.args, init?.maxPlaces)
    : rankTexts(texts, message.args);
}

function chooseTexts({ args, texts }: SearchAsk): Iterable<SourceText> | undefined {
  const { contextIndex, source } = args;
  if (contextIndex === null) {
    return texts.map((text, index) => ({ index, text }));
  }
  const all = contexts.get(contextIndex);
  const chosen = source === null ? all : all?.slice(source, source + 1);
  return chosen && (source === null || chosen.length > 0) ? readTexts(chosen) : undefined;
}

function* readTexts(texts: readonly LazyText[]): Generator<SourceText> {
  for (const text of texts) {
    yield text.get();
  }
}

function splitSources(bytes: Uint8Array, sources: LoadMessage['sources']): LazyText[] {
  let at = 0;
  return sources.map(({ byteLength }, index) => {
    const start = at;
    at += byteLength;
    return new LazyText(index, bytes.subarray(start, at));
  });
}

/** ASCII becomes a string outside V8's heap, one byte a character. */
function decode(bytes: Uint8Array): string {
  return isAscii(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    : new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
