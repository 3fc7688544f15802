import assert from 'node:assert/strict';

import { toCamelKeys, toSnakeKeys } from '../../../src/base/keys';

describe('keys', () => {
  it('spells keys in snake_case at every depth and leaves values alone', () => {
    assert.deepStrictEqual(toSnakeKeys({ maxLlmCalls: 1, list: [{ stateLost: 'keepMe' }] }), {
      max_llm_calls: 1,
      list: [{ state_lost: 'keepMe' }],
    });
  });

  it('spells keys in camelCase at every depth and leaves values alone', () => {
    assert.deepStrictEqual(toCamelKeys({ max_llm_calls: null, list: [{ a_b: 'keep_me' }] }), {
      maxLlmCalls: null,
      list: [{ aB: 'keep_me' }],
    });
  });

  it('keeps a key named __proto__ an ordinary key', () => {
    const converted = toSnakeKeys(JSON.parse('{"__proto__":{"isAdmin":true}}'));
    assert.equal(JSON.stringify(converted), '{"__proto__":{"is_admin":true}}');
    assert.equal(Object.getPrototypeOf(converted), Object.prototype);
  });
});
