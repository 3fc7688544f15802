import assert from 'node:assert/strict';
import fc from 'fast-check';

import { readFittingPage } from '../../../src/mcp/fitPage';

function createReader(items: readonly string[]) {
  const limits: number[] = [];
  const read = async (limit: number, cursor: string | null) => {
    limits.push(limit);
    const start = Number(cursor ?? 0);
    const end = start + limit;
    return { items: items.slice(start, end), nextCursor: end < items.length ? String(end) : null };
  };
  return { limits, read };
}

describe('readFittingPage', () => {
  it('reads once when the page fits', async () => {
    const { limits, read } = createReader(['a', 'b']);
    assert.deepStrictEqual(await readFittingPage(read, 10, null), {
      items: ['a', 'b'],
      nextCursor: null,
      unreadable: [],
    });
    assert.deepStrictEqual(limits, [10]);
  });

  it('reads again as many as fit, so that the cursor continues behind them', async () => {
    const { limits, read } = createReader(Array.from({ length: 5 }, () => 'x'.repeat(40_000)));
    const page = await readFittingPage(read, 5, null);
    assert.deepStrictEqual([page.items.length, page.nextCursor, limits], [2, '2', [5, 2]]);
  });

  it('counts what could not be read of a page’s own items alone', async () => {
    const sizes = [10, 50_000, 60_000, 10];
    const read = async (limit: number, cursor: string | null) => {
      const start = Number(cursor ?? 0);
      const items = sizes.slice(start, start + limit).map((size) => 'x'.repeat(size));
      const end = start + items.length;
      const nextCursor = end < sizes.length ? String(end) : null;
      const unreadable = items.map((_item, at) => ({ lines: 1, afterStep: at, beforeStep: at }));
      return { items, nextCursor, unreadable };
    };
    const first = await readFittingPage(read, 10, null);
    const second = await readFittingPage(read, 10, first.nextCursor);
    assert.deepStrictEqual([first.unreadable.length, second.unreadable.length], [2, 2]);
  });

  it('goes through any listing without a gap or a repeat, in small batches', async () => {
    const sizes = fc.array(fc.constantFrom(1, 100, 3_000, 30_000, 200_000), { maxLength: 60 });
    const property = fc.asyncProperty(
      sizes,
      fc.integer({ min: 1, max: 50 }),
      async (all, limit) => {
        const items = all.map((size, at) => `${at}:`.padEnd(size, 'x'));
        const { limits, read } = createReader(items);
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page: { items: readonly string[]; nextCursor: string | null } =
            await readFittingPage(read, limit, cursor);
          assert.ok(page.items.length <= limit);
          seen.push(...page.items);
          cursor = page.nextCursor;
        } while (cursor !== null);
        assert.deepStrictEqual(seen, items);
        assert.ok(limits.every((one) => one >= 1 && one <= 16));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
