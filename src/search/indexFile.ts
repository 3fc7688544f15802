// Opens the file of the index: makes it where there is none, and makes it anew where it is damaged or of another
// version. What another program has put in its place is set aside, not deleted.

import { closeSync, lstatSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type * as sqliteModule from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';
import { ownerFile, ownerFolder } from '../base/ownerOnly';
import { RlmError } from '../core/errors';
import { applicationId, createTables, schemaVersion } from './indexSchema';
import { isDamage, readNumber } from './sqliteRows';

export type SqliteModule = typeof sqliteModule;

export interface OpenedIndex {
  readonly database: DatabaseSync;
  /** What was wrong with the file, for people; null: nothing. */
  readonly mended: string | null;
}

/** Another process may hold the file so long: one batch, or the removal of sessions. */
const busyMs = 20_000;

/** @throws RlmError 'BACKEND_UNAVAILABLE' for what must not be touched, or a SQLite without an index of words. */
export function openIndex(file: string, sqlite: SqliteModule): OpenedIndex {
  mkdirSync(path.dirname(file), { recursive: true, mode: ownerFolder });
  checkRegular(file);
  closeSync(openSync(file, 'a', ownerFile)); // an empty file is an empty database, for its owner alone
  let mended: string | null = null;
  for (;;) {
    const found = tryOpen(file, sqlite);
    if (found.kind === 'ready') {
      return { database: found.database, mended };
    }
    if (mended !== null) {
      throw unavailable(
        `The index ${file} cannot be made: ${found.fault}.`,
        'Remove that file by hand.',
      );
    }
    mended = setAside(file, found);
    closeSync(openSync(file, 'a', ownerFile));
  }
}

type Found =
  | { readonly kind: 'ready'; readonly database: DatabaseSync }
  | { readonly kind: 'damaged' | 'foreign' | 'old'; readonly fault: string };

function tryOpen(file: string, sqlite: SqliteModule): Found {
  const database = new sqlite.DatabaseSync(file, { timeout: busyMs });
  try {
    const verdict = prepare(database);
    if (verdict) {
      database.close();
      return verdict;
    }
    return { kind: 'ready', database };
  } catch (thrown) {
    database.close();
    const fault = thrown instanceof Error ? thrown.message : String(thrown);
    if (isDamage(thrown)) {
      return { kind: 'damaged', fault };
    }
    if (/no such module: fts5/u.test(fault)) {
      throw unavailable(
        'The SQLite of this Node has no index of words (FTS5).',
        'Search with the Node that nodejs.org offers.',
      );
    }
    throw thrown;
  }
}

/** Null: it can be used. Under the lock of a writer, so that two engines do not make it at once. */
function prepare(database: DatabaseSync): Found | null {
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = normal; pragma secure_delete = on',
  );
  database.exec('begin immediate');
  try {
    const application = readNumber(database, 'pragma application_id');
    const tables = readNumber(database, 'select count(*) from sqlite_schema');
    const version = readNumber(database, 'pragma user_version');
    if (application === 0 && tables === 0) {
      database.exec(createTables);
      database.exec('commit');
      return null;
    }
    database.exec('rollback');
    if (application !== applicationId) {
      return { kind: 'foreign', fault: 'it is the database of another program' };
    }
    if (version !== schemaVersion) {
      return { kind: 'old', fault: `it is of version ${version}` };
    }
    const [first] = database.prepare('pragma quick_check(1)').all();
    return first?.['quick_check'] === 'ok'
      ? null
      : { kind: 'damaged', fault: String(first?.['quick_check'] ?? 'its check fails') };
  } catch (thrown) {
    if (database.isTransaction) {
      database.exec('rollback');
    }
    throw thrown;
  }
}

function setAside(
  file: string,
  { kind, fault }: Exclude<Found, { readonly kind: 'ready' }>,
): string {
  if (kind === 'foreign') {
    const other = `${file}.set-aside`;
    removeFiles(other);
    renameSync(file, other);
    removeFiles(file);
    return `What lay in the place of the index was no index of this product: it is now ${other}, and the index is made anew.`;
  }
  removeFiles(file);
  return kind === 'old'
    ? 'The index was of another version: it is made anew from the traces.'
    : `The index was damaged (${fault}): it is made anew from the traces.`;
}

/** With what SQLite keeps beside it. */
export function removeFiles(file: string): void {
  for (const ending of ['', '-wal', '-shm', '-journal']) {
    rmSync(file + ending, { force: true });
  }
}

function checkRegular(file: string): void {
  const entry = lstatSync(file, { throwIfNoEntry: false });
  if (entry && !entry.isFile()) {
    throw unavailable(`${file} is no regular file.`, 'Look at it by hand and remove it.');
  }
}

function unavailable(message: string, nextStep: string): RlmError {
  return new RlmError('BACKEND_UNAVAILABLE', message, { nextStep });
}
