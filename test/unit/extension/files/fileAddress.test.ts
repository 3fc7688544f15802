import assert from 'node:assert/strict';
import fc from 'fast-check';
import { showControls } from '../../../../src/base/visible';
import {
  parseAddressPath,
  toAddressPath,
  toFileName,
} from '../../../../src/extension/files/fileAddress';

const sessionId = '0198c0de-4d2a-7c1e-9b7f-3a52c6d1e8f0';
const odd = fc.constantFrom('%', '%41', '%zz', '\n', '\\', '\u202e', '\u2028', '‹', ' ', '?', '#');
const name = fc
  .array(fc.oneof(odd, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 })), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => parts.join('').replaceAll('/', '_'))
  .filter((one) => one.isWellFormed());

describe('the address of a file in a sandbox', () => {
  it('leads back to the file, and shows nothing that breaks or reorders a line', () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (names) => {
        const path = `/${names.join('/')}`;
        const address = toAddressPath({ sessionId, path });
        assert.deepStrictEqual(parseAddressPath(address), { sessionId, path });
        assert.equal(showControls(address), address);
        assert.doesNotMatch(address, /[\n\r\t\\\u2028\u2029]/u);
      }),
    );
  });

  it('leaves a plain name as it is', () => {
    const path = '/work/Übersicht 100%.txt';
    assert.equal(toAddressPath({ sessionId, path }), `/${sessionId}${path}`);
    assert.equal(toFileName(path), 'Übersicht 100%.txt');
  });

  it('is none without a session and a path', () => {
    for (const other of ['', '/', '/a', 'a/b', '//b']) {
      assert.equal(parseAddressPath(other), undefined, other);
    }
  });
});
