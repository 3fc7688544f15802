// The index in one SQLite file with an index of words. Synchronous: it runs in a thread of its own.

import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import * as z from 'zod';
import type {
  EntryVector,
  UnvectoredEntry,
  IndexBatch,
  IndexEntry,
  IndexPage,
  IndexQuery,
  IndexStanding,
  IndexStats,
} from '../core/search/contextIndex';
import { toIndexText } from '../core/search/searchWords';
import { openIndex, removeFiles, type SqliteModule } from './indexFile';
import { isDamage, readNumber, toEntry } from './sqliteRows';
import { searchIndex } from './sqliteSearch';
import { countVectors, listUnvectored, putVectors } from './vectors';

const standingRow = z.object({
  session_id: z.string(),
  mark: z.string(),
  position: z.string().nullable(),
  next_number: z.number(),
  held: z.string(),
  unreadable: z.number(),
});

export class SqliteIndex {
  readonly #file: string;
  readonly #sqlite: SqliteModule;
  #database: DatabaseSync;
  #statements = new Map<string, StatementSync>();
  #mended: string | null;

  constructor(file: string, sqlite: SqliteModule) {
    this.#file = file;
    this.#sqlite = sqlite;
    const { database, mended } = openIndex(file, sqlite);
    this.#database = database;
    this.#mended = mended;
  }

  readStandings(): ReadonlyMap<string, IndexStanding> {
    return this.#guard(() => {
      const rows = this.#prepare(
        'select session_id, mark, position, next_number, held, unreadable from session',
      ).all();
      return new Map(rows.map((row) => toStanding(standingRow.parse(row))));
    });
  }

  write(batch: IndexBatch): boolean {
    return this.#guard(() => this.#transact(() => this.#write(batch)));
  }

  forget(sessionIds: readonly string[]): void {
    this.#guard(() => {
      for (const sessionId of sessionIds) {
        this.#transact(() => {
          const session = this.#findSession(sessionId);
          if (session !== null) {
            this.#removeEntries(session);
            this.#prepare('delete from session where id = ?').run(session);
          }
        });
      }
      // What was overwritten is still in the log of changes until it is taken into the file.
      this.#database.exec('pragma wal_checkpoint(truncate)');
    });
  }

  search(query: IndexQuery): IndexPage {
    return this.#guard(() => searchIndex(this.#database, query));
  }

  listUnvectored(model: string, limit: number): readonly UnvectoredEntry[] {
    return this.#guard(() => listUnvectored(this.#database, model, limit));
  }

  putVectors(model: string, vectors: readonly EntryVector[]): void {
    this.#guard(() => this.#transact(() => putVectors(this.#database, model, vectors)));
  }

  readStats(): IndexStats {
    return this.#guard(() => ({
      sessions: readNumber(this.#database, 'select count(*) from session'),
      entries: readNumber(this.#database, 'select count(*) from entry'),
      unreadableLines: readNumber(
        this.#database,
        'select coalesce(sum(unreadable), 0) from session',
      ),
      bytes: this.#countBytes(),
      vectors: countVectors(this.#database),
      mended: this.#mended,
    }));
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** A file that turns out to be damaged is made anew, and is empty then: the next run of the indexer fills it. */
  #guard<T>(run: () => T): T {
    try {
      return run();
    } catch (thrown) {
      if (!isDamage(thrown)) {
        throw thrown;
      }
      this.close();
      removeFiles(this.#file);
      const { database } = openIndex(this.#file, this.#sqlite);
      this.#database = database;
      this.#mended = 'The index was damaged: it is made anew from the traces.';
      throw thrown;
    }
  }

  #transact<T>(run: () => T): T {
    this.#database.exec('begin immediate');
    try {
      const result = run();
      this.#database.exec('commit');
      return result;
    } catch (thrown) {
      if (this.#database.isTransaction) {
        this.#database.exec('rollback');
      }
      throw thrown;
    }
  }

  #write({ sessionId, session, from, to, isRestart, put, remove }: IndexBatch): boolean {
    const known = this.#prepare('select id, position from session where session_id = ?').get(
      sessionId,
    );
    const position = known === undefined ? null : known['position'];
    if (position !== from) {
      return false;
    }
    if (known === undefined) {
      this.#prepare('insert into session (session_id) values (?)').run(sessionId);
    }
    const id = this.#findSession(sessionId) ?? 0;
    if (isRestart) {
      this.#removeEntries(id);
    }
    remove.forEach((number) => this.#removeEntry(id, number));
    put.forEach((entry) => this.#put(id, entry));
    if (session) {
      const { title, profileId, parentSessionId, relationship } = session;
      this.#prepare(
        'update session set title = ?, profile_id = ?, parent_session_id = ?, relationship = ? where id = ?',
      ).run(title, profileId, parentSessionId, relationship, id);
    }
    this.#prepare(
      'update session set mark = ?, position = ?, next_number = ?, held = ?, unreadable = ? where id = ?',
    ).run(to.mark, to.position, to.nextNumber, to.held, to.unreadable, id);
    return true;
  }

  #findSession(sessionId: string): number | null {
    const row = this.#prepare('select id from session where session_id = ?').get(sessionId);
    return row === undefined ? null : z.number().parse(row['id']);
  }

  #put(session: number, entry: IndexEntry): void {
    this.#removeEntry(session, entry.number);
    const { lastInsertRowid } = this.#prepare(
      'insert into entry (session, number, at, step, kind, outcome, title, text, files, tags, related) ' +
        'values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ).run(
      session,
      entry.number,
      entry.at,
      entry.step,
      entry.kind,
      entry.outcome,
      toStored(entry.title),
      toStored(entry.text),
      JSON.stringify(entry.files.map(toStored)),
      JSON.stringify(entry.tags.map(toStored)),
      JSON.stringify(entry.relatedSessions),
    );
    const { head, body } = toWords(entry);
    this.#prepare('insert into words (rowid, head, body) values (?, ?, ?)').run(
      lastInsertRowid,
      head,
      body,
    );
  }

  #removeEntry(session: number, number: number): void {
    const row = this.#prepare('select * from entry where session = ? and number = ?').get(
      session,
      number,
    );
    if (row !== undefined) {
      this.#removeRow(row);
    }
  }

  #removeEntries(session: number): void {
    const rows = this.#prepare('select id from entry where session = ?').all(session);
    for (const { id } of rows) {
      const row = this.#prepare('select * from entry where id = ?').get(id ?? null);
      if (row !== undefined) {
        this.#removeRow(row);
      }
    }
  }

  /** The index of words keeps no texts: it is told again what it was given. */
  #removeRow(row: NonNullable<ReturnType<StatementSync['get']>>): void {
    const { head, body } = toWords(toEntry(row));
    const id = row['id'] ?? null;
    this.#prepare("insert into words (words, rowid, head, body) values ('delete', ?, ?, ?)").run(
      id,
      head,
      body,
    );
    this.#prepare('delete from vector where entry = ?').run(id);
    this.#prepare('delete from entry where id = ?').run(id);
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #countBytes(): number {
    return ['', '-wal'].reduce(
      (sum, ending) => sum + (statSync(this.#file + ending, { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  }
}

/** As SQLite gives it back: whole characters, and none that would end it. */
function toStored(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

function toWords({ title, tags, files, text }: IndexEntry): {
  readonly head: string;
  readonly body: string;
} {
  return {
    head: toIndexText([title, ...tags, ...files].map(toStored).join('\n')),
    body: toIndexText(toStored(text)),
  };
}

function toStanding(row: z.output<typeof standingRow>): [string, IndexStanding] {
  const { session_id: sessionId, mark, position, next_number: nextNumber, held, unreadable } = row;
  return [sessionId, { mark, position, nextNumber, held, unreadable }];
}
