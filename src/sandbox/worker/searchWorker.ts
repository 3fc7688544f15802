// A worker that looks through contexts with V8: trusted code over the shared bytes, with patterns
// that are not. It is thrown away when a pattern does not end.

import { Buffer, isAscii } from 'node:buffer';
import { parentPort } from 'node:worker_threads';
import type {
  FoundPlaces,
  GrepArgs,
  LoadMessage,
  PlaceColumns,
  SearchArgs,
} from '../../protocol/worker';
import { TextIndex } from './textPositions';
import { type Found, type SourceText, grepTexts, rankTexts, toColumns } from './textSearch';

export type SearchMessage =
  | ({ readonly kind: 'context' } & Pick<LoadMessage, 'contextIndex' | 'bytes' | 'sources'>)
  | { readonly kind: 'grep'; readonly id: number; readonly args: GrepArgs }
  | { readonly kind: 'search'; readonly id: number; readonly args: SearchArgs };

export type SearchAnswer =
  | { readonly id: number; readonly found: FoundPlaces; readonly columns: PlaceColumns }
  | {
      readonly id: number;
      readonly error: { readonly code: 'INVALID_INPUT'; readonly message: string };
    };

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

function answer(message: Exclude<SearchMessage, { kind: 'context' }>): SearchAnswer {
  const { id } = message;
  const { contextIndex, source } = message.args;
  const texts = contexts.get(contextIndex);
  const chosen = source === null ? texts : texts?.slice(source, source + 1);
  if (!chosen || (source !== null && chosen.length === 0)) {
    const which = `context ${contextIndex}, source ${source ?? 'any'}`;
    return { id, error: { code: 'INVALID_INPUT', message: `There is no ${which}.` } };
  }
  try {
    const { hits, truncated } = find(message, readTexts(chosen));
    const { scores, starts } = hits;
    return {
      id,
      found: { count: starts.length, truncated, scores },
      columns: toColumns(hits),
    };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return { id, error: { code: 'INVALID_INPUT', message: error.message } };
    }
    throw error;
  }
}

function find(
  message: Exclude<SearchMessage, { kind: 'context' }>,
  texts: Iterable<SourceText>,
): Found {
  return message.kind === 'grep' ? grepTexts(texts, message.args) : rankTexts(texts, message.args);
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
