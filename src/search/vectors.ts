// Vectors of entries: kept as unit vectors of 32-bit floats, compared one by one.

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import * as z from 'zod';
import type { EntryVector, UnvectoredEntry } from '../core/search/contextIndex';
import { readNumber } from './sqliteRows';

export interface NearEntry {
  readonly id: number;
  /** Cosine of the angle, 1 for the same direction. */
  readonly similarity: number;
}

/** Nearest entries that count as found; farther ones mean something else. */
const maxNear = 50;
const minSimilarity = 0.3;

export function listUnvectored(
  database: DatabaseSync,
  model: string,
  limit: number,
): readonly UnvectoredEntry[] {
  const rows = database
    .prepare(
      'select e.id, e.title, e.text from entry e left join vector v on v.entry = e.id and v.model = ? ' +
        'where v.entry is null order by e.id desc limit ?',
    )
    .all(model, limit);
  return rows.map((row) =>
    z.object({ id: z.number(), title: z.string(), text: z.string() }).parse(row),
  );
}

/** An entry that has gone meanwhile gets none. */
export function putVectors(
  database: DatabaseSync,
  model: string,
  vectors: readonly EntryVector[],
): void {
  const put = database.prepare(
    'insert or replace into vector (entry, model, data) select id, ?, ? from entry where id = ?',
  );
  for (const { id, vector } of vectors) {
    const { buffer, byteOffset, byteLength } = toUnit(vector);
    put.run(model, new Uint8Array(buffer, byteOffset, byteLength), id);
  }
}

export function countVectors(database: DatabaseSync): number {
  return readNumber(database, 'select count(*) from vector');
}

/** Nearest first, of those that the condition lets pass. */
export function findNear(
  database: DatabaseSync,
  { model, values }: { readonly model: string; readonly values: readonly number[] },
  condition: { readonly sql: string; readonly values: readonly SQLInputValue[] },
): readonly NearEntry[] {
  const asked = toUnit(values);
  const rows = database
    .prepare(
      'select v.entry as id, v.data as data from vector v join entry e on e.id = v.entry ' +
        `join session s on s.id = e.session where v.model = ? and ${condition.sql}`,
    )
    .iterate(model, ...condition.values);
  const found: NearEntry[] = [];
  for (const row of rows) {
    const { id, data } = row;
    if (typeof id === 'number' && data instanceof Uint8Array) {
      const similarity = multiply(asked, data);
      if (similarity >= minSimilarity) {
        found.push({ id, similarity });
      }
    }
  }
  return found
    .sort((left, right) => right.similarity - left.similarity || right.id - left.id)
    .slice(0, maxNear);
}

function toUnit(vector: readonly number[]): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

/** 0 for vectors of another length. */
function multiply(left: Float32Array, bytes: Uint8Array): number {
  if (bytes.byteLength !== left.byteLength) {
    return 0;
  }
  const isAligned = bytes.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset } = isAligned ? bytes : bytes.slice();
  const right = new Float32Array(buffer, byteOffset, left.length);
  let sum = 0;
  for (let at = 0; at < left.length; at += 1) {
    sum += (left[at] ?? 0) * (right[at] ?? 0);
  }
  return sum;
}
