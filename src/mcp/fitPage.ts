// Pages of a listing that fit into one result, with the cursor of the store that made them.

import type { UnreadableLines } from '../core/unreadableLines';
import { countJsonChars, maxResultChars } from './fit';

/** Room for the names around the items. */
const reservedChars = 4_000;

interface StorePage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  /** Of what was read for this page: what could not be. */
  readonly unreadable?: readonly UnreadableLines[];
}

/** So many are read and written out at once: few enough that other clients are answered in between. */
const batchItems = 16;

/**
 * Reads up to `limit` items in batches, from `cursor` on, until they fill a page; the cursor of the last one that
 * fits continues right behind it. One item alone must fit.
 */
export async function readFittingPage<T>(
  read: (limit: number, cursor: string | null) => Promise<StorePage<T>>,
  limit: number,
  first: string | null,
): Promise<StorePage<T> & { readonly unreadable: readonly UnreadableLines[] }> {
  const items: T[] = [];
  const unreadable: UnreadableLines[] = [];
  let cursor = first;
  let left = maxResultChars - reservedChars;
  while (items.length < limit) {
    const batch = await read(Math.min(batchItems, limit - items.length), cursor);
    const { count, chars } = countFitting(batch.items, left);
    if (count < batch.items.length) {
      const fitting = Math.max(count, items.length === 0 ? 1 : 0);
      if (fitting === 0) {
        return { items, nextCursor: cursor, unreadable };
      }
      const last = await read(fitting, cursor);
      return {
        items: [...items, ...last.items],
        nextCursor: last.nextCursor,
        unreadable: [...unreadable, ...(last.unreadable ?? [])],
      };
    }
    items.push(...batch.items);
    unreadable.push(...(batch.unreadable ?? []));
    left -= chars;
    cursor = batch.nextCursor;
    if (cursor === null) {
      break;
    }
  }
  return { items, nextCursor: cursor, unreadable };
}

/** How many of `items`, from the first on, take at most `maxChars` as JSON, and what they take. */
function countFitting(
  items: readonly unknown[],
  maxChars: number,
): { readonly count: number; readonly chars: number } {
  let chars = 0;
  for (const [count, item] of items.entries()) {
    const next = chars + countJsonChars(item) + 1;
    if (next > maxChars) {
      return { count, chars };
    }
    chars = next;
  }
  return { count: items.length, chars };
}
