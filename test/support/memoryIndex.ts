// An index of sessions without a file: words are looked for as they stand.

import type {
  ContextIndex,
  EntryVector,
  UnvectoredEntry,
  IndexBatch,
  IndexedSession,
  IndexEntry,
  IndexFilter,
  IndexHealth,
  IndexHit,
  IndexPage,
  IndexQuery,
  IndexStanding,
} from '../../src/core/search/contextIndex';

interface Known {
  readonly session: IndexedSession;
  readonly standing: IndexStanding;
  readonly entries: ReadonlyMap<number, IndexEntry>;
}

export class MemoryIndex implements ContextIndex {
  readonly #sessions = new Map<string, Known>();
  /** How many entries were written, all in all. */
  written = 0;
  readonly unvectored: UnvectoredEntry[] = [];
  readonly vectors = new Set<string>();
  health: IndexHealth | null = null;

  get sessions(): ReadonlyMap<string, Known> {
    return this.#sessions;
  }

  async readStandings(): Promise<ReadonlyMap<string, IndexStanding>> {
    return new Map([...this.#sessions].map(([id, { standing }]) => [id, standing]));
  }

  async write(batch: IndexBatch): Promise<boolean> {
    const { sessionId, session, from, to, isRestart, put, remove } = batch;
    const known = this.#sessions.get(sessionId);
    if ((known?.standing.position ?? null) !== from) {
      return false;
    }
    const entries = new Map(isRestart ? [] : known?.entries);
    remove.forEach((number) => entries.delete(number));
    put.forEach((entry) => entries.set(entry.number, entry));
    this.written += put.length;
    const unknown = { title: '', profileId: null, parentSessionId: null, relationship: null };
    const whose = session ?? known?.session ?? { sessionId, ...unknown };
    this.#sessions.set(sessionId, { session: whose, standing: to, entries });
    return true;
  }

  async forget(sessionIds: readonly string[]): Promise<void> {
    sessionIds.forEach((id) => this.#sessions.delete(id));
  }

  async search({ words, filter, offset, limit }: IndexQuery): Promise<IndexPage> {
    const all = [...words.phrases, ...words.terms];
    const hits = [...this.#sessions.values()]
      .flatMap(({ session, entries }) => [...entries.values()].map((entry) => ({ session, entry })))
      .filter((one) => passes(one, filter))
      .map(({ session, entry }): IndexHit => {
        const text = [entry.title, entry.text].join('\n').toLowerCase();
        const matched = all
          .map(({ shown }) => shown)
          .filter((shown) => text.includes(shown.toLowerCase()));
        return { session, entry, score: matched.length, matched, similarity: null };
      })
      .filter(({ matched }) => all.length === 0 || matched.length > 0)
      .sort((left, right) => right.score - left.score || right.entry.at - left.entry.at);
    return { hits: hits.slice(offset, offset + limit), total: hits.length };
  }

  async listUnvectored(model: string, limit: number): Promise<readonly UnvectoredEntry[]> {
    return this.unvectored.slice(0, limit).filter(({ id }) => !this.vectors.has(`${model} ${id}`));
  }

  async putVectors(model: string, vectors: readonly EntryVector[]): Promise<void> {
    vectors.forEach(({ id }) => this.vectors.add(`${model} ${id}`));
  }

  async readHealth(): Promise<IndexHealth> {
    const entries = [...this.#sessions.values()].reduce((sum, one) => sum + one.entries.size, 0);
    return (
      this.health ?? {
        ...{ works: true, state: 'ready', detail: `${entries} entries`, nextStep: null },
        stats: {
          sessions: this.#sessions.size,
          ...{ entries, bytes: 0, unreadableLines: 0, vectors: 0, mended: null },
        },
      }
    );
  }

  async dispose(): Promise<void> {
    this.#sessions.clear();
  }
}

function passes(
  { session, entry }: Pick<IndexHit, 'session' | 'entry'>,
  filter: IndexFilter,
): boolean {
  return (
    (filter.sessionIds?.includes(session.sessionId) ?? true) &&
    (filter.kinds?.includes(entry.kind) ?? true) &&
    (filter.profileId === null || filter.profileId === session.profileId) &&
    filter.tags.every((tag) => entry.tags.includes(tag)) &&
    entry.at >= (filter.since ?? -Infinity) &&
    entry.at <= (filter.until ?? Infinity)
  );
}
