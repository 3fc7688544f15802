// Search over all sessions and agent runs of a home: first brings the index in line with the traces, then asks it.

import { type Disposable } from '../../base/disposable';
import { onAbort } from '../../base/abort';
import { toCounted } from '../../base/text';
import type { Masker } from '../agent/masking';
import type { Clock } from '../clock';
import { cancelledError, RlmError, throwIfAborted } from '../errors';
import type { SessionStatus } from '../event';
import type { TraceAction } from '../traceActions';
import { pageEvents, type TraceStore } from '../traceStore';
import {
  type ContextIndex,
  type IndexFilter,
  type IndexHealth,
  type IndexHit,
  type IndexPage,
  type IndexQuery,
  IndexRebuiltError,
} from './contextIndex';
import { hasWords, parseSearchWords, type SearchWords, toSnippet } from './searchWords';
import type { Embedder } from './embedder';
import { EntryVectors } from './entryVectors';
import { TraceIndexer } from './traceIndexer';

interface RunSearchParts {
  readonly traces: TraceStore;
  readonly index: ContextIndex;
  readonly masker: Pick<Masker, 'mask'>;
  readonly clock: Clock;
  /** Null: words alone are searched. */
  readonly embedder: Embedder | null;
}

export interface SearchHealth extends IndexHealth {
  /** Null: no server of embeddings is set up. */
  readonly meaning: {
    readonly model: string;
    readonly works: boolean;
    readonly detail: string;
  } | null;
}

export interface RunQuery {
  /** Empty: the newest entries that the filters let pass. */
  readonly query: string;
  readonly sessionId: string | null;
  readonly profileId: string | null;
  readonly tags: readonly string[];
  readonly kinds: readonly TraceAction[] | null;
  readonly status: SessionStatus | null;
  /** Epoch ms, inclusive. */
  readonly since: number | null;
  readonly until: number | null;
  readonly offset: number;
  readonly limit: number;
  /** Of each hit's text. */
  readonly textChars: number;
  /** How long to wait for the index to be in line with the traces. */
  readonly waitMs: number;
}

export interface RunHit extends Omit<IndexHit, 'matched' | 'similarity'> {
  readonly id: string;
  /** The part of the entry's text that the query is about. */
  readonly snippet: string;
  readonly why: string;
}

export interface RunSearchResult {
  readonly hits: readonly RunHit[];
  readonly total: number;
  /** What the answer lacks, or what else its reader should know; sentences. */
  readonly notes: readonly string[];
  /** Sessions whose newest events are not in it. */
  readonly pendingSessions: number;
}

/** More sessions than any filter by status has to name. */
const maxSessions = 100_000;

export class RunSearch {
  readonly #parts: RunSearchParts;
  readonly #indexer: TraceIndexer;
  readonly #vectors: EntryVectors | null;
  #deletions: Disposable | null = null;
  #removing: Promise<unknown> = Promise.resolve();
  /** What has been told of the index itself. */
  #told: string | null = null;

  constructor(parts: RunSearchParts) {
    this.#parts = parts;
    this.#indexer = new TraceIndexer(parts);
    this.#vectors = parts.embedder && new EntryVectors({ ...parts, embedder: parts.embedder });
  }

  /** Drops what was deleted before, and from now on each session as soon as it is deleted. */
  followDeletions(): void {
    const { traces, index } = this.#parts;
    const drop = async (list: () => Promise<readonly string[]>): Promise<void> => {
      const { state } = await index.readHealth();
      if (state === 'ready') {
        await index.forget(await list());
      }
    };
    const later = (list: () => Promise<readonly string[]>): void => {
      // Where it fails the next search does it.
      this.#removing = this.#removing.then(() => drop(list)).catch(() => undefined);
    };
    this.#deletions ??= traces.onDidDelete((sessionId) => later(async () => [sessionId]));
    later(async () => {
      const [marks, standings] = [await traces.listMarks(), await index.readStandings()];
      return [...standings.keys()].filter((sessionId) => !marks.has(sessionId));
    });
  }

  /** @throws RlmError 'BACKEND_UNAVAILABLE' | 'SESSION_NOT_FOUND' | 'CANCELLED' | 'INTERNAL_ERROR' */
  async search(query: RunQuery, signal: AbortSignal): Promise<RunSearchResult> {
    const words = parseSearchWords(query.query);
    const notes: string[] = [];
    if (query.query.trim() !== '' && !hasWords(words)) {
      notes.push('The query has no letter and no digit, so nothing can be found by it.');
      return { hits: [], total: 0, notes, pendingSessions: 0 };
    }
    const sessionIds = await this.#listSessionIds(query);
    const ask = async () => {
      const pending = await this.#catchUp(query.waitMs, signal);
      throwIfAborted(signal, 'The search');
      const { vector, notes: ofMeaning } = await this.#embed(query, words, signal);
      const page = await this.#ask({ ...query, vector, sessionIds, words });
      return { ...pending, page, note: [...pending.note, ...ofMeaning] };
    };
    const { page, pendingSessions, note } = await ask().catch((thrown: unknown) => {
      if (thrown instanceof IndexRebuiltError) {
        return ask(); // it is filled anew
      }
      throw thrown;
    });
    const { stats } = await this.#parts.index.readHealth();
    notes.push(...note);
    notes.push(...this.#toNotes(stats));
    const all = [...words.phrases, ...words.terms];
    const hits = page.hits.map(({ matched, similarity, ...hit }) => ({
      ...hit,
      id: `${hit.session.sessionId}:${hit.entry.number}`,
      snippet: toSnippet(
        hit.entry.text === '' ? hit.entry.title : hit.entry.text,
        all.filter(({ shown }) => matched.includes(shown)),
        query.textChars,
      ),
      why: toWhy(matched, all.length, similarity),
    }));
    return { hits, total: page.total, notes, pendingSessions };
  }

  /** Never rejects, and builds nothing. */
  async readHealth(): Promise<SearchHealth> {
    const health = await this.#parts.index.readHealth();
    const fault = this.#vectors?.fault ?? null;
    const detail = fault ?? `${health.stats?.vectors ?? 0} vectors`;
    const { model } = this.#vectors ?? {};
    return {
      ...health,
      meaning: model === undefined ? null : { model, works: fault === null, detail },
    };
  }

  /** Never rejects. */
  async dispose(): Promise<void> {
    this.#deletions?.dispose();
    this.#vectors?.dispose();
    await this.#indexer.dispose();
    await this.#vectors?.catchUp(); // it has been told to end
    await this.#removing;
    await this.#parts.index.dispose();
  }

  #toNotes(stats: IndexHealth['stats']): readonly string[] {
    const mended = stats?.mended ?? null;
    const isNews = mended !== null && mended !== this.#told;
    this.#told = mended;
    return [
      ...(isNews ? [mended] : []),
      ...(stats && stats.unreadableLines > 0
        ? [`${stats.unreadableLines} lines of traces hold no event any more and are not searched.`]
        : []),
    ];
  }

  #ask(
    query: RunQuery & Pick<IndexQuery, 'words' | 'vector'> & Pick<IndexFilter, 'sessionIds'>,
  ): Promise<IndexPage> {
    const { profileId, kinds, tags, since, until, offset, limit, words, vector, sessionIds } =
      query;
    const filter = { sessionIds, profileId, kinds, tags, since, until };
    return this.#parts.index.search({ words, vector, filter, offset, limit });
  }

  /** The query by its meaning, once the entries have theirs. */
  async #embed(
    { query, waitMs }: RunQuery,
    words: SearchWords,
    signal: AbortSignal,
  ): Promise<{ readonly vector: IndexQuery['vector']; readonly notes: readonly string[] }> {
    const vectors = this.#vectors;
    if (!vectors || words.phrases.length > 0 || !hasWords(words)) {
      return { vector: null, notes: [] };
    }
    const isWhole =
      (await this.#waitFor(
        vectors.catchUp().then(() => true),
        waitMs,
        signal,
      )) ?? false;
    const asked = this.#parts.masker.mask(query);
    const values = await vectors.embedQuery(asked, signal);
    throwIfAborted(signal, 'The search');
    const { fault, model } = vectors;
    return {
      vector: values && { model, values },
      notes:
        fault !== null || values === null
          ? [`Found by words alone. ${fault ?? ''}`.trim()]
          : isWhole
            ? []
            : ['Some events have no vector yet and are found by their words alone.'],
    };
  }

  /** How many sessions are not in it after `waitMs`, and what to say of them. */
  async #catchUp(
    waitMs: number,
    signal: AbortSignal,
  ): Promise<{ readonly pendingSessions: number; readonly note: readonly string[] }> {
    const run = this.#indexer.catchUp();
    const report = await this.#waitFor(run, waitMs, signal);
    if (report === null) {
      const pending = Math.max(1, this.#indexer.pending);
      return {
        pendingSessions: pending,
        note: [
          `The index is still being built: ${toCounted(pending, 'session')} with newer events to go. Search again for the rest.`,
        ],
      };
    }
    const { failed } = report;
    const shown = `${failed.slice(0, 3).join(', ')}${failed.length > 3 ? ', …' : ''}`;
    return {
      pendingSessions: failed.length,
      note:
        failed.length === 0
          ? []
          : [
              `${toCounted(failed.length, 'trace')} could not be read, and so not searched: ${shown}.`,
            ],
    };
  }

  /** Null where it takes longer. */
  async #waitFor<T>(run: Promise<T>, waitMs: number, signal: AbortSignal): Promise<T | null> {
    return new Promise<T | null>((resolve, reject) => {
      const timer = this.#parts.clock.after(waitMs, () => resolve(null));
      const aborted = onAbort(signal, () => reject(cancelledError('The search')));
      void run.then(resolve, reject).finally(() => {
        timer.dispose();
        aborted.dispose();
      });
    });
  }

  /** Null: any. @throws RlmError 'SESSION_NOT_FOUND' for one that is not there. */
  async #listSessionIds({ sessionId, status }: RunQuery): Promise<readonly string[] | null> {
    const { traces } = this.#parts;
    if (sessionId !== null) {
      const summary = await traces.readSummary(sessionId);
      if (!summary) {
        throw new RlmError('SESSION_NOT_FOUND', `There is no session ${sessionId.slice(0, 80)}.`, {
          nextStep: 'List the sessions with rlm_list_sessions.',
        });
      }
      return status === null || summary.status === status ? [sessionId] : [];
    }
    if (status === null) {
      return null;
    }
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await traces.listSummaries({ status, limit: pageEvents, cursor });
      ids.push(...page.summaries.map((one) => one.sessionId));
      cursor = page.nextCursor;
    } while (cursor !== null && ids.length < maxSessions);
    return ids;
  }
}

function toWhy(matched: readonly string[], asked: number, similarity: number | null): string {
  const words =
    matched.length === 0 ? [] : [`${matched.length} of ${asked} words: ${matched.join(', ')}`];
  const meaning = similarity === null ? [] : [`meaning: ${similarity.toFixed(2)}`];
  return [...words, ...meaning].join('; ') || 'the newest';
}
