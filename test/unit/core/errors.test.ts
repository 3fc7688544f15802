import assert from 'node:assert/strict';
import { RlmError, toRlmError } from '../../../src/core/errors';

describe('toRlmError', () => {
  /** As another bundle's class would make it. */
  function createForeign(code: string, nextStep: unknown): Error {
    return Object.assign(new Error('It broke.'), { name: 'RlmError', code, nextStep });
  }

  it('keeps code and next step of an error that another bundle threw', () => {
    const { code, message, nextStep } = toRlmError(createForeign('VAR_NOT_FOUND', 'Look again.'));
    assert.deepStrictEqual(
      [code, message, nextStep],
      ['VAR_NOT_FOUND', 'It broke.', 'Look again.'],
    );
  });

  it('gives an error of its own as it is', () => {
    const error = new RlmError('CANCELLED', 'No.', { nextStep: '' });
    assert.equal(toRlmError(error), error);
  });

  it('takes a code that is none, and anything else, for an internal error', () => {
    const thrown = [createForeign('NO_SUCH_CODE', ''), createForeign('CANCELLED', 1), 'text'];
    assert.deepStrictEqual(
      thrown.map((one) => toRlmError(one).code),
      ['INTERNAL_ERROR', 'INTERNAL_ERROR', 'INTERNAL_ERROR'],
    );
  });
});
