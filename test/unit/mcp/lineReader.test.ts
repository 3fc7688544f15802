import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LineReader } from '../../../src/mcp/lineReader';

const read = (reader: LineReader, chunk: Buffer): readonly (string | null)[] => {
  const lines: (string | null)[] = [];
  reader.add(chunk, (line) =>
    lines.push(line.kind === 'large' ? null : line.bytes.toString('latin1')),
  );
  return lines;
};

describe('LineReader', () => {
  it('tells the same lines however the bytes are cut, and null for those over the bound', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', '\u00e9'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 200 })), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''), 'latin1');
        const reader = new LineReader(8);
        const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort(
          (left, right) => left - right,
        );
        const told = ends.flatMap((end, at) =>
          read(reader, bytes.subarray(at === 0 ? 0 : ends[at - 1], end)),
        );
        assert.deepStrictEqual(
          told,
          lines.map((one) => (one.length > 8 ? null : one)),
        );
      }),
    );
  });

  it('keeps both ends of a line that is too long, however it is cut', () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => 32 + (at % 90)));
    const wanted = [bytes.subarray(0, 65_536), bytes.subarray(-65_536)];
    for (const size of [1_000, 65_536, 100_003, 300_000]) {
      const reader = new LineReader(200_000);
      const ends: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        reader.add(bytes.subarray(at, at + size), () => assert.fail());
      }
      reader.add(Buffer.from('\nnext\n'), (line) =>
        ends.push(...(line.kind === 'large' ? [line.head, line.tail] : [line.bytes])),
      );
      assert.deepStrictEqual(ends, [...wanted, Buffer.from('next')]);
    }
  });

  it('takes both kinds of line ends, and keeps what has not ended', () => {
    const reader = new LineReader(100);
    assert.deepStrictEqual(read(reader, Buffer.from('a\r\n\nb')), ['a', '']);
    assert.deepStrictEqual(read(reader, Buffer.from('c\n')), ['bc']);
  });
});
