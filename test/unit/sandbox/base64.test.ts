// The worker's own base64 against Node's.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from '../../../src/sandbox/worker/base64';

describe('base64 of a worker', () => {
  it('is Node’s, of any bytes, there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        assert.equal(encodeBase64(bytes), text);
        assert.deepStrictEqual(Buffer.from(decodeBase64(text)), Buffer.from(bytes));
      }),
    );
  });
});
