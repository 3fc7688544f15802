import assert from 'node:assert/strict';

import { exceedsJsonDepth, hasExactIntegers } from '../../../src/mcp/jsonText';

describe('jsonText', () => {
  it('counts nesting and not brackets inside strings', () => {
    assert.deepStrictEqual(exceedsJsonDepth('['.repeat(100) + ']'.repeat(100)), false);
    assert.deepStrictEqual(exceedsJsonDepth('['.repeat(101) + ']'.repeat(101)), true);
    assert.deepStrictEqual(exceedsJsonDepth(`["${'['.repeat(500)}\\"${'{'.repeat(500)}"]`), false);
    assert.deepStrictEqual(exceedsJsonDepth('[{},{},{}]', 2), false);
  });

  it('knows the integers that JavaScript would round', () => {
    assert.deepStrictEqual(hasExactIntegers('[9007199254740991, 0.1234567890123456789]'), true);
    assert.deepStrictEqual(hasExactIntegers('{"id": 9007199254740993}'), false);
    assert.deepStrictEqual(hasExactIntegers('["9007199254740993"]'), true);
  });
});
