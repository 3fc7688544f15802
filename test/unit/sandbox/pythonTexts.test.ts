// Where a text of a context may be written: over a string of its fillers, and nowhere else.

import assert from 'node:assert/strict';
import { PythonTexts } from '../../../src/sandbox/worker/pythonTexts';
import type { LoadMessage } from '../../../src/protocol/worker';

const at = 64;
const texts: Readonly<Record<string, { readonly text: string; readonly bytes: number }>> = {
  x: { text: 'a'.repeat(40_000), bytes: 1 },
  '\u00ff': { text: 'é'.repeat(40_000), bytes: 1 },
  '\u0100': { text: '—'.repeat(40_000), bytes: 2 },
  '\u{10000}': { text: '\u{1F600}'.repeat(40_000), bytes: 4 },
};

function open(memory: ArrayBuffer, text: string) {
  const bytes = new Uint8Array(Buffer.from(text));
  const message: LoadMessage = {
    kind: 'load',
    id: 'load',
    variable: 'context',
    contextIndex: 0,
    shape: 'string',
    maxMemoryBytes: 1,
    bytes,
    sources: [{ path: 'a', byteLength: bytes.length }],
  };
  const filled = new PythonTexts(() => memory);
  const { told, raw } = filled.open(message);
  return { filled, told: JSON.parse(JSON.stringify(told)) as { sources: object[] }, raw };
}

/** A memory with a string of that filler in it. */
function createMemory(filler: string, width: number, chars: number): ArrayBuffer {
  const memory = new ArrayBuffer(at + chars * width + 64);
  const view = new DataView(memory);
  for (let index = 0; index < chars; index += 1) {
    const code = filler.codePointAt(0) ?? 0;
    const place = at + index * width;
    if (width === 1) {
      view.setUint8(place, code);
    } else if (width === 2) {
      view.setUint16(place, code, true);
    } else {
      view.setUint32(place, code, true);
    }
  }
  return memory;
}

describe('a text that is written into Python’s memory', () => {
  for (const [filler, { text, bytes }] of Object.entries(texts)) {
    it(`goes over a string of ${JSON.stringify(filler)}, once`, () => {
      const chars = [...text].length;
      const memory = createMemory(filler, bytes, chars);
      const { filled, told, raw } = open(memory, text);
      assert.deepStrictEqual(raw, []);
      assert.deepStrictEqual(told.sources, [
        { path: 'a', lines: 1, codePoints: chars, filler, byteLength: 0 },
      ]);
      assert.equal(filled.fill(at), true);
      const written = new Uint8Array(memory, at, chars * bytes);
      const whole =
        bytes === 1
          ? Buffer.from(written).toString('latin1')
          : bytes === 2
            ? Buffer.from(written).toString('utf16le')
            : String.fromCodePoint(...new Uint32Array(written.buffer, at, 1)).repeat(chars);
      assert.ok(whole === text);
      assert.equal(filled.fill(at), false, 'nothing waits any more');
    });

    it(`goes nowhere else than over ${JSON.stringify(filler)}`, () => {
      const chars = [...text].length;
      const places = [0, at - bytes, at + bytes, at + 1, chars * bytes, 2 ** 31, 2 ** 32 - 1, NaN];
      for (const place of places) {
        const memory = createMemory(filler, bytes, chars);
        const before = Buffer.from(memory.slice(0));
        const { filled } = open(memory, text);
        assert.equal(filled.fill(place), false, String(place));
        assert.ok(before.equals(Buffer.from(memory)), String(place));
      }
    });
  }

  it('is read, and not filled, where it is short', () => {
    const { raw, told, filled } = open(new ArrayBuffer(8), 'short\n');
    assert.deepStrictEqual(raw, [new Uint8Array(Buffer.from('short\n'))]);
    assert.deepStrictEqual(told.sources, [
      { path: 'a', lines: 1, codePoints: 6, filler: null, byteLength: 6 },
    ]);
    assert.equal(filled.fill(0), false);
  });
});
