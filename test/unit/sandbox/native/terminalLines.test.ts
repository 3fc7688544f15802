import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  LineReader,
  type TerminalLine,
  encodeLine,
} from '../../../../src/sandbox/native/daytona/terminalLines';

const arbitraryLine = fc
  .tuple(
    fc.constantFrom('D' as const, 'A' as const, 'R' as const),
    fc.nat(),
    fc.uint8Array({ maxLength: 300 }),
  )
  .map(([kind, number, bytes]) => ({ kind, number, body: Buffer.from(bytes) }));

function read(pieces: readonly Buffer[]) {
  const lines: TerminalLine[] = [];
  const noise: string[] = [];
  let damages = 0;
  const reader = new LineReader({
    onLine: (line) => lines.push(line),
    onDamage: () => (damages += 1),
    onNoise: (text) => noise.push(text),
  });
  pieces.forEach((piece) => reader.push(piece));
  return { lines, noise, damages };
}

/** As a connection cuts it into pieces, which has nothing to do with its lines. */
function cut(bytes: Buffer, at: readonly number[]): readonly Buffer[] {
  const ends = [...at.map((one) => one % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe('the lines of a terminal', () => {
  it('come out as they went in, however the stream is cut, and hold nothing that a terminal acts upon', () => {
    fc.assert(
      fc.property(fc.array(arbitraryLine), fc.array(fc.nat()), (lines, at) => {
        const bytes = Buffer.concat(lines.map(encodeLine));
        assert.deepStrictEqual(read(cut(bytes, at)), { lines, noise: [], damages: 0 });
        const text = bytes.toString('latin1').replaceAll('\x02', '').replaceAll('\n', '');
        assert.match(text, /^[\x20-\x7e]*$/u);
      }),
    );
  });

  it('are found among what a shell and programs write', () => {
    const line = { kind: 'D', number: 7, body: Buffer.from('x') } as const;
    const bytes = Buffer.concat([Buffer.from('Welcome!\n$ exec python3\n$ '), encodeLine(line)]);
    const { lines, noise, damages } = read([bytes]);
    assert.deepStrictEqual([lines, noise, damages], [[line], ['Welcome!', '$ exec python3'], 0]);
  });

  it('are never taken for others when bytes of them are lost, changed or put in', () => {
    const line = {
      kind: 'D',
      number: 41,
      body: Buffer.from('the answer is 42, or is it'),
    } as const;
    const whole = encodeLine(line);
    fc.assert(
      fc.property(
        fc.nat({ max: whole.length - 1 }),
        fc.nat({ max: 60 }),
        fc.uint8Array({ maxLength: 20 }),
        (from, lost, put) => {
          const bytes = Buffer.concat([whole.subarray(0, from), put, whole.subarray(from + lost)]);
          for (const one of read([bytes, Buffer.from('\n')]).lines) {
            assert.deepStrictEqual(one, line);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('end nowhere where no end comes: that is damage, and the next is found', () => {
    const line = { kind: 'A', number: 1, body: Buffer.alloc(0) } as const;
    const endless = Buffer.alloc(2 ** 17 + 1, 'a');
    const { lines, damages } = read([endless, Buffer.from('\n'), encodeLine(line)]);
    assert.deepStrictEqual([lines, damages], [[line], 1]);
  });
});
