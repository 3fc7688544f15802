import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { readDefaultIterations } from '../../../src/loop/defaultIterations';

describe('readDefaultIterations', () => {
  it('is 15 unless RLM_MAX_ITERATIONS says otherwise', () => {
    const read = (text: string) => readDefaultIterations({ RLM_MAX_ITERATIONS: text });
    assert.deepStrictEqual([readDefaultIterations({}), read(''), read(' 40 ')], [15, 15, 40]);
  });

  for (const given of ['0', '101', '1.5', 'many']) {
    it(`refuses ${given}`, () => {
      assert.throws(
        () => readDefaultIterations({ RLM_MAX_ITERATIONS: given }),
        (thrown) => thrown instanceof RlmError && thrown.code === 'INVALID_INPUT',
      );
    });
  }
});
