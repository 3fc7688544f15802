// The bound of tokens: bytes of UTF-8, whatever the text.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { estimateTokens, maxTokens } from '../../../src/core/tokens';

describe('tokens', () => {
  it('are never more than the text has bytes of UTF-8', function () {
    this.timeout(20_000);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.equal(maxTokens(text), Buffer.byteLength(text));
      }),
    );
    const lone = '\ud800a\udc00\udc00\ud800\ud800\udc00é';
    assert.equal(maxTokens(lone), Buffer.byteLength(lone));
  });

  it('are estimated at a quarter of that', () => {
    assert.deepStrictEqual(
      ['', 'a', 'word', 'words', '漢字漢字'].map(estimateTokens),
      [0, 1, 1, 2, 3],
    );
  });
});
