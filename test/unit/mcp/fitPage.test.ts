import assert from 'node:assert/strict';

import { readFittingPage } from '../../../src/mcp/fitPage';

function createReader(items: readonly string[]) {
  const limits: number[] = [];
  const read = async (limit: number) => {
    limits.push(limit);
    const nextCursor = limit < items.length ? String(limit) : null;
    return { items: items.slice(0, limit), nextCursor };
  };
  return { limits, read };
}

describe('readFittingPage', () => {
  it('reads once when the page fits', async () => {
    const { limits, read } = createReader(['a', 'b']);
    assert.deepStrictEqual(await readFittingPage(read, 10), {
      items: ['a', 'b'],
      nextCursor: null,
    });
    assert.deepStrictEqual(limits, [10]);
  });

  it('reads again as many as fit, so that the cursor continues behind them', async () => {
    const { limits, read } = createReader(Array.from({ length: 5 }, () => 'x'.repeat(40_000)));
    const page = await readFittingPage(read, 5);
    assert.deepStrictEqual([page.items.length, page.nextCursor, limits], [2, '2', [5, 2]]);
  });
});
