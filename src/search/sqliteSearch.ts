// Asks the index of words: what has all of the query's words first, then what has some, each by BM25.

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import * as z from 'zod';
import type { IndexFilter, IndexHit, IndexPage, IndexQuery } from '../core/search/contextIndex';
import { hasWords, type SearchTerm, type SearchWords } from '../core/search/searchWords';
import { findNear } from './vectors';
import { entryColumns, readNumber, toEntry, toSession } from './sqliteRows';

/** Title, tags and files weigh twice as much as the text. */
const weights = '2.0, 1.0';
/** Source: Cormack, Clarke and Büttcher, 2009: reciprocal rank fusion. */
const fusionRank = 60;

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

export function searchIndex(database: DatabaseSync, query: IndexQuery): IndexPage {
  const filter = toCondition(query.filter);
  if (!hasWords(query.words)) {
    return listNewest(database, query, filter);
  }
  // What is in quotes must be there as it stands: meaning has no say then.
  return query.vector !== null && query.words.phrases.length === 0
    ? searchBoth(database, { ...query, vector: query.vector }, filter)
    : searchWords(database, query, filter);
}

const tables = 'entry e join session s on s.id = e.session';

function listNewest(
  database: DatabaseSync,
  { offset, limit }: IndexQuery,
  { sql, values }: Condition,
): IndexPage {
  const rows = database
    .prepare(
      `select ${entryColumns} from ${tables} where ${sql} order by e.at desc, e.id desc limit ? offset ?`,
    )
    .all(...values, limit, offset);
  return {
    hits: rows.map((row) => ({ ...toHit(row), score: 0, matched: [], similarity: null })),
    total: readNumber(database, `select count(*) from ${tables} where ${sql}`, ...values),
  };
}

function searchWords(
  database: DatabaseSync,
  { words, offset, limit }: IndexQuery,
  { sql, values }: Condition,
): IndexPage {
  const some = toMatch(words, 'OR');
  const from = toWordTables({ sql, values });
  const rows = database
    .prepare(
      `select ${entryColumns}, w.rank as rank, e.id in (select rowid from words where words match ?) as whole ` +
        `from ${from} order by whole desc, rank, e.at desc, e.id desc limit ? offset ?`,
    )
    .all(toMatch(words, 'AND'), some, ...values, limit, offset);
  const matched = findMatched(database, words, rows);
  return {
    hits: rows.map((row) => ({
      ...toHit(row),
      score: toScore(row),
      matched: matched.get(Number(row['id'])) ?? [],
      similarity: null,
    })),
    total: readNumber(database, `select count(*) from ${from}`, some, ...values),
  };
}

/** What was found by words and what by meaning, as one list by the ranks in both. */
function searchBoth(
  database: DatabaseSync,
  query: IndexQuery & { readonly vector: NonNullable<IndexQuery['vector']> },
  filter: Condition,
): IndexPage {
  const { words, vector, offset, limit } = query;
  const byWords = database
    .prepare(
      `select e.id as id, e.id in (select rowid from words where words match ?) as whole ` +
        `from ${toWordTables(filter)} order by whole desc, w.rank, e.at desc, e.id desc`,
    )
    .all(toMatch(words, 'AND'), toMatch(words, 'OR'), ...filter.values)
    .map((row) => Number(row['id']));
  const near = findNear(database, vector, filter);
  const similarities = new Map(near.map(({ id, similarity }) => [id, similarity]));
  const scores = new Map<number, number>();
  for (const list of [byWords, near.map(({ id }) => id)]) {
    list.forEach((id, rank) => scores.set(id, (scores.get(id) ?? 0) + 1 / (fusionRank + rank)));
  }
  const page = [...scores]
    .sort(([leftId, left], [rightId, right]) => right - left || rightId - leftId)
    .slice(offset, offset + limit);
  const read = database.prepare(`select ${entryColumns} from ${tables} where e.id = ?`);
  const rows = page.map(([id]) => read.get(id)).filter((row) => row !== undefined);
  const matched = findMatched(database, words, rows);
  return {
    hits: rows.map((row) => {
      const id = Number(row['id']);
      return {
        ...toHit(row),
        score: scores.get(id) ?? 0,
        matched: matched.get(id) ?? [],
        similarity: similarities.get(id) ?? null,
      };
    }),
    total: scores.size,
  };
}

function toWordTables({ sql }: Condition): string {
  return (
    `(select rowid, bm25(words, ${weights}) as rank from words where words match ?) w ` +
    `join entry e on e.id = w.rowid join session s on s.id = e.session where ${sql}`
  );
}

/** 0 to 1 for what has some of the words, 1 to 2 for what has all. */
function toScore(row: Readonly<Record<string, unknown>>): number {
  const { rank, whole } = z.object({ rank: z.number(), whole: z.number() }).parse(row);
  return whole + -rank / (1 - rank); // a better rank of BM25 is further below 0
}

function toHit(row: unknown): Pick<IndexHit, 'session' | 'entry'> {
  return { session: toSession(row), entry: toEntry(row) };
}

/** By entry, the words of the query that it has. */
function findMatched(
  database: DatabaseSync,
  { phrases, terms }: SearchWords,
  rows: readonly Readonly<Record<string, unknown>>[],
): ReadonlyMap<number, readonly string[]> {
  const ids = rows.map((row) => Number(row['id']));
  const found = new Map<number, string[]>(ids.map((id) => [id, []]));
  const statement = database.prepare(
    `select rowid as id from words where words match ? and rowid in (${ids.map(() => '?').join(', ')})`,
  );
  for (const term of ids.length === 0 ? [] : [...phrases, ...terms]) {
    for (const { id } of statement.all(toPhrase(term), ...ids)) {
      found.get(Number(id))?.push(term.shown);
    }
  }
  return found;
}

/** A query of FTS5 in which nothing that was typed is an operator. */
function toMatch({ phrases, terms }: SearchWords, operator: 'AND' | 'OR'): string {
  const all = terms.map(toPhrase).join(` ${operator} `);
  return [...phrases.map(toPhrase), ...(all === '' ? [] : [`(${all})`])].join(' AND ');
}

function toPhrase({ text, isPrefix }: SearchTerm): string {
  return `"${text.replaceAll('"', ' ')}"${isPrefix ? ' *' : ''}`;
}

function toCondition(filter: IndexFilter): Condition {
  const parts: Condition[] = [];
  const add = (sql: string, ...values: readonly SQLInputValue[]): void => {
    parts.push({ sql, values });
  };
  if (filter.sessionIds) {
    add('s.session_id in (select value from json_each(?))', JSON.stringify(filter.sessionIds));
  }
  if (filter.kinds) {
    add('e.kind in (select value from json_each(?))', JSON.stringify(filter.kinds));
  }
  if (filter.profileId !== null) {
    add('s.profile_id = ?', filter.profileId);
  }
  for (const tag of filter.tags) {
    add('exists (select 1 from json_each(e.tags) where value = ?)', tag);
  }
  if (filter.since !== null) {
    add('e.at >= ?', filter.since);
  }
  if (filter.until !== null) {
    add('e.at <= ?', filter.until);
  }
  return {
    sql: parts.length === 0 ? '1' : parts.map(({ sql }) => sql).join(' and '),
    values: parts.flatMap(({ values }) => values),
  };
}
