import assert from 'node:assert/strict';

import fc from 'fast-check';
import { exceedsJsonDepth, hasExactIntegers } from '../../../src/mcp/jsonText';

describe('jsonText', () => {
  it('counts nesting and not brackets inside strings', () => {
    assert.deepStrictEqual(exceedsJsonDepth('['.repeat(100) + ']'.repeat(100)), false);
    assert.deepStrictEqual(exceedsJsonDepth('['.repeat(101) + ']'.repeat(101)), true);
    assert.deepStrictEqual(exceedsJsonDepth(`["${'['.repeat(500)}\\"${'{'.repeat(500)}"]`), false);
    assert.deepStrictEqual(exceedsJsonDepth('[{},{},{}]', 2), false);
  });

  it('tells for any JSON whether it is deeper than a bound', () => {
    const toDepth = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? 1 + Math.max(0, ...Object.values(value).map(toDepth))
        : 0;
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.nat({ max: 8 }), (text, bound) => {
        assert.deepStrictEqual(exceedsJsonDepth(text, bound), toDepth(JSON.parse(text)) > bound);
      }),
    );
  });

  it('reads any text once: strings of millions of quotes, closed or not', () => {
    for (const text of ['"'.repeat(5_000_001), '"\\"'.repeat(5_000_000), '"\\'.repeat(5_000_000)]) {
      assert.deepStrictEqual([exceedsJsonDepth(text), hasExactIntegers(text)], [false, true]);
    }
  });

  it('knows the integers that JavaScript would round', () => {
    assert.deepStrictEqual(hasExactIntegers('[9007199254740991, 0.1234567890123456789]'), true);
    assert.deepStrictEqual(hasExactIntegers('{"id": 9007199254740993}'), false);
    assert.deepStrictEqual(hasExactIntegers('["9007199254740993"]'), true);
  });
});
