import assert from 'node:assert/strict';

import { TokenBuckets } from '../../../src/base/tokenBuckets';

const rate = { perMinute: 60, burst: 3 };

describe('tokenBuckets', () => {
  it('gives a burst, then one in its time, and says how long that is', () => {
    let now = 1_000;
    const buckets = new TokenBuckets(() => now);
    const take = (): number => buckets.take('a', rate);
    assert.deepStrictEqual([take(), take(), take(), take()], [0, 0, 0, 1_000]);
    now += 400;
    assert.deepStrictEqual(take(), 600);
    now += 600;
    assert.deepStrictEqual([take(), take()], [0, 1_000]);
    now += 3_600_000;
    assert.deepStrictEqual([take(), take(), take(), take()], [0, 0, 0, 1_000]);
  });

  it('counts each key by itself, and forgets the one longest unused', () => {
    const buckets = new TokenBuckets(() => 0, 2);
    const one = { perMinute: 1, burst: 1 };
    const keys = ['a', 'b', 'a', 'c', 'b', 'c'];
    assert.deepStrictEqual(
      keys.map((key) => buckets.take(key, one) === 0),
      [true, true, false, true, true, false],
    );
  });
});
