// Pages of a listing that fit into one result, with the cursor of the store that made them.

import { countJsonChars, maxResultChars } from './fit';

/** Room for the names around the items. */
const reservedChars = 4_000;

interface StorePage<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Reads up to `limit` items; when they are too long together, reads again as many as fit, so that
 * the cursor continues right behind them. One item alone must fit.
 */
export async function readFittingPage<T>(
  read: (limit: number) => Promise<StorePage<T>>,
  limit: number,
): Promise<StorePage<T>> {
  const page = await read(limit);
  const count = countFitting(page.items);
  return count === page.items.length ? page : read(count);
}

function countFitting(items: readonly unknown[]): number {
  let used = 0;
  const end = items.findIndex((item) => {
    used += countJsonChars(item) + 1;
    return used > maxResultChars - reservedChars;
  });
  return end === -1 ? items.length : Math.max(1, end);
}
