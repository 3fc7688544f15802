import assert from 'node:assert/strict';
import { toSteps } from '../../../src/cli/code';
import { RlmError } from '../../../src/core/errors';

describe('given code', () => {
  it('is cut at lines that are exactly the mark of its language', () => {
    assert.deepStrictEqual(toSteps('a\n# %%\nb\n # %%\nc\n# %% title', 'python'), [
      'a',
      'b\n # %%\nc\n# %% title',
    ]);
    assert.deepStrictEqual(toSteps('a\r\n// %%\r\nb', 'javascript'), ['a', 'b']);
  });

  it('loses its empty steps', () => {
    assert.deepStrictEqual(toSteps('# %%\n\n# %%\nx\n# %%\n', 'python'), ['x']);
  });

  it('is refused when there is none', () => {
    const isInvalid = (error: unknown) =>
      error instanceof RlmError && error.code === 'INVALID_INPUT';
    assert.throws(() => toSteps('# %%\n', 'python'), isInvalid);
  });
});
