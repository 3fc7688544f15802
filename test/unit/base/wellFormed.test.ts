import { deepStrictEqual, strictEqual } from 'node:assert';
import fc from 'fast-check';

import { toWellFormedJson, toWellFormedText } from '../../../src/base/wellFormed';

const units = fc
  .array(fc.constantFrom('a', '\ud83d', '\ude00', '😀', '\u0000'), { maxLength: 12 })
  .map((parts) => parts.join(''));

describe('well-formed text', () => {
  it('replaces each half of a pair that stands alone, and counts it', () => {
    deepStrictEqual(toWellFormedText('a\ud83d😀\ude00'), { value: 'a\ufffd😀\ufffd', replaced: 2 });
  });

  it('keeps the length of every text, and what strict decoders give back', () => {
    fc.assert(
      fc.property(units, (text) => {
        const { value, replaced } = toWellFormedText(text);
        strictEqual(value.length, text.length);
        strictEqual(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value)), value);
        const differing = Array.from({ length: text.length }, (_, at) => text[at] !== value[at]);
        strictEqual(differing.filter(Boolean).length, replaced);
      }),
    );
  });

  it('leaves a value alone that has nothing to replace', () => {
    const value = { a: ['b', { '😀': 1 }], c: null };
    strictEqual(toWellFormedJson(value).value, value);
  });

  it('reaches names, lists and what lies below them', () => {
    deepStrictEqual(toWellFormedJson({ 'x\ud83d': [1, { __proto__: null, y: '\ude00' }] }), {
      value: { 'x\ufffd': [1, { y: '\ufffd' }] },
      replaced: 2,
    });
  });

  it('loses no value where names become the same', () => {
    const { value, replaced } = toWellFormedJson({ '\ud800': 1, '\ud801': 2, '\ufffd': 3 });
    strictEqual(replaced, 2);
    deepStrictEqual(Object.values(value).sort(), [1, 2, 3]);
  });
});
