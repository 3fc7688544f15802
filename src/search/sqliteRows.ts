// Rows of SQLite as values, checked where they enter.

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import * as z from 'zod';
import { entryOutcomes, type IndexEntry, type IndexedSession } from '../core/search/contextIndex';
import { traceActions } from '../core/traceActions';

/** Source: SQLite, "Result and Error Codes": SQLITE_CORRUPT and SQLITE_NOTADB; their extended codes end so. */
const damageCodes: ReadonlySet<number> = new Set([11, 26]);

/** Whether SQLite says that the file is no sound database. */
export function isDamage(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'errcode' in thrown &&
    typeof thrown.errcode === 'number' &&
    damageCodes.has(thrown.errcode & 0xff)
  );
}

export function readNumber(
  database: DatabaseSync,
  sql: string,
  ...values: readonly SQLInputValue[]
): number {
  const row = database.prepare(sql).get(...values);
  return z.number().parse(row && Object.values(row)[0]);
}

const list = z.string().transform((text) => z.array(z.string()).parse(JSON.parse(text)));

const entryRow = z.object({
  number: z.number(),
  at: z.number(),
  step: z.number(),
  kind: z.enum(traceActions),
  outcome: z.enum(entryOutcomes),
  title: z.string(),
  text: z.string(),
  files: list,
  tags: list,
  related: list,
});

const sessionRow = z.object({
  session_id: z.string(),
  session_title: z.string(),
  profile_id: z.string().nullable(),
  parent_session_id: z.string().nullable(),
  relationship: z.enum(['child', 'fork']).nullable(),
});

export const entryColumns = [
  ...['e.id', 'e.number', 'e.at', 'e.step', 'e.kind', 'e.outcome', 'e.title', 'e.text'],
  ...['e.files', 'e.tags', 'e.related', 's.session_id', 's.title as session_title'],
  ...['s.profile_id', 's.parent_session_id', 's.relationship'],
].join(', ');

export function toEntry(row: unknown): IndexEntry {
  const { related, ...entry } = entryRow.parse(row);
  return { ...entry, relatedSessions: related };
}

export function toSession(row: unknown): IndexedSession {
  const read = sessionRow.parse(row);
  return {
    sessionId: read.session_id,
    title: read.session_title,
    profileId: read.profile_id,
    parentSessionId: read.parent_session_id,
    relationship: read.relationship,
  };
}
