import assert from 'node:assert/strict';
import fc from 'fast-check';

import { toCutMark } from '../../../src/base/text';
import { countJsonChars, cutJsonList, cutJsonText, fitPayload } from '../../../src/mcp/fit';

describe('fit', () => {
  it('leaves a payload that fits as it is', () => {
    const payload = { stdout: 'short', other: 1 };
    assert.deepStrictEqual(fitPayload(payload, ['stdout']), { payload, cut: [] });
  });

  it('shares the space between large fields and leaves small ones whole', () => {
    const payload = { a: 'x'.repeat(90_000), b: 'y'.repeat(90_000), c: 'small' };
    const { payload: fitted, cut } = fitPayload(payload, ['a', 'b', 'c']);
    assert.deepStrictEqual(
      cut.map(({ field, total }) => [field, total]),
      [
        ['a', 90_000],
        ['b', 90_000],
      ],
    );
    assert.ok(Math.abs(fitted.a.length - fitted.b.length) <= 1);
    assert.deepStrictEqual(fitted.c, 'small');
  });

  it('never exceeds the limit, whatever has to be escaped, and never splits a pair', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(anyText, anyText, fc.array(anyText), (a, b, list) => {
        const { payload, cut } = fitPayload({ a, b, list }, ['a', 'b', 'list'], {
          maxChars: 1_400,
        });
        assert.ok(countJsonChars(payload) <= 1_400);
        const length = cut.find(({ field }) => field === 'a')?.shown ?? a.length;
        const splits = (a.codePointAt(length - 1) ?? 0) > 0xffff && length < a.length;
        const mark = length < a.length ? toCutMark(a.length - length) : '';
        assert.equal(payload.a, a.slice(0, length) + mark);
        assert.ok(!splits);
      }),
    );
  });

  it('cuts a text to the longest start that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 60 }), (text, maxChars) => {
        const start = cutJsonText(text, maxChars);
        assert.ok(start === '' || JSON.stringify(start).length <= maxChars);
        const next = String.fromCodePoint(text.codePointAt(start.length) ?? 0);
        assert.ok(start === text || JSON.stringify(start + next).length > maxChars);
      }),
    );
    assert.deepStrictEqual(cutJsonText('abcdef', 6), 'abcd');
    assert.deepStrictEqual(cutJsonText('\n\n\n', 6), '\n\n');
  });

  it('cuts a list to the longest start that fits', () => {
    assert.deepStrictEqual(cutJsonList(['a', 'b', 'c'], 9), ['a', 'b']);
    assert.deepStrictEqual(cutJsonList(['a', 'b', 'c'], 13), ['a', 'b', 'c']);
  });
});
