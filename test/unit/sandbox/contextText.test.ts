// What is counted in the bytes of a context, and how they are written into an engine's memory.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { measureText, writeCodePoints, writeUnits } from '../../../src/sandbox/worker/contextText';

const character = fc.oneof(
  fc.constantFrom('\n', '\r', '\0', 'a', '\x7f', '\x80', '\xff', '\u0100', '\u07ff', '\u0800'),
  fc.constantFrom('\ud7ff', '\ue000', '\ufeff', '\uffff', '\u{10000}', '\u{10ffff}', '\r\n'),
);
/** Texts of one width alone, too: the widest character decides. */
const text = fc.oneof(
  fc.array(fc.constantFrom('\n', '\r', '\r\n', 'b', '\x0b'), { maxLength: 3_000 }),
  fc.array(fc.constantFrom('\n', '\r', 'b', '\xe9'), { maxLength: 3_000 }),
  fc.array(character, { maxLength: 3_000 }),
);

/** At any alignment, as sources lie in a context. */
function toBytes(value: string, offset: number): Uint8Array {
  const encoded = Buffer.from(value);
  const shared = new Uint8Array(new SharedArrayBuffer(encoded.length + offset + 3)).fill(0x0a);
  shared.set(encoded, offset);
  return shared.subarray(offset, offset + encoded.length);
}

function widthOf(points: readonly number[]): string {
  const widest = Math.max(0, ...points);
  return widest < 0x80 ? 'ascii' : widest < 0x100 ? 'latin1' : widest < 0x10000 ? 'bmp' : 'astral';
}

describe('the text of a context', () => {
  it('is measured as its characters say, wherever it lies', () => {
    fc.assert(
      fc.property(text, fc.nat(7), (parts, offset) => {
        const value = parts.join('');
        const points = [...value].map((char) => char.codePointAt(0) ?? 0);
        const lines = value.split(/\r\n|\r|\n/).length - (/(^|[\r\n])$/.test(value) ? 1 : 0);
        const bytes = toBytes(value, offset);
        assert.deepStrictEqual(measureText(bytes), {
          bytes,
          codePoints: points.length,
          units: value.length,
          lines,
          width: widthOf(points),
        });
      }),
      { numRuns: 500 },
    );
  });

  it('is written as it is, in the width it needs', () => {
    fc.assert(
      fc.property(text, fc.nat(7), fc.integer({ min: 1, max: 40 }), (parts, offset, times) => {
        const value = parts.join('').repeat(times); // longer than a piece, now and then
        const measure = measureText(toBytes(value, offset));
        const isNarrow = measure.width === 'ascii' || measure.width === 'latin1';
        const units = Buffer.alloc(measure.units * (isNarrow ? 1 : 2));
        writeUnits(measure, units);
        assert.ok(units.toString(isNarrow ? 'latin1' : 'utf16le') === value);
        const points = new Uint32Array(measure.codePoints);
        writeCodePoints(measure, points);
        assert.ok([...value].every((char, at) => char.codePointAt(0) === points[at]));
      }),
      { numRuns: 200 },
    );
  });

  it('has a sign in place of what is no UTF-8', () => {
    const { bytes, units } = measureText(Buffer.from([0x61, 0xff, 0xc3, 0x62]));
    assert.deepStrictEqual([Buffer.from(bytes).toString(), units], ['a\ufffd\ufffdb', 4]);
  });
});
