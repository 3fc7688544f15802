import assert from 'node:assert/strict';
import fc from 'fast-check';
import { computeCrc32, crc32 } from '../../../src/store/crc32';

describe('crc32', () => {
  it('is CRC-32, with zlib’s and without', () => {
    assert.equal(computeCrc32(Buffer.from('123456789')), 0xcbf43926);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        assert.equal(crc32(bytes), computeCrc32(bytes));
      }),
    );
  });
});
