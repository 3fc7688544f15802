import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { encode } from 'iconv-lite';
import { neverAborted } from '../../../src/base/abort';
import { ChunkBuffers } from '../../../src/context/chunks';
import { copyText, type CopyOptions } from '../../../src/context/copyText';
import { readFully, roomBytes } from '../../../src/context/openedFile';
import { createFixture, type Fixture, isError, RecordingSink } from './contextFixture';
import { detectHere } from '../../support/detectHere';

function toOptions(chunkBytes: number): CopyOptions {
  const buffers = new ChunkBuffers(chunkBytes);
  return { buffers, given: null, detectEncoding: detectHere, signal: neverAborted };
}

describe('copyText', () => {
  let fixture: Fixture;

  before(async () => {
    fixture = await createFixture();
  });

  after(() => fixture.dispose());

  /** Copies with a head and chunks of the given sizes, to put boundaries anywhere. */
  async function copy(bytes: Buffer, headBytes: number, chunkBytes: number) {
    const file = path.join(fixture.root, 'text');
    await writeFile(file, bytes);
    const opened = await open(file);
    try {
      const isWhole = bytes.length <= headBytes;
      const head = Buffer.alloc(roomBytes + Math.min(headBytes, bytes.length));
      await readFully(opened, head.subarray(roomBytes), 0);
      const sink = new RecordingSink();
      await sink.beginSource('text');
      const source = { real: file, handle: isWhole ? null : opened, head, sizeBytes: bytes.length };
      await copyText(source, sink, toOptions(chunkBytes));
      return { text: sink.sources[0]?.[1], restarts: sink.restarts };
    } finally {
      await opened.close();
    }
  }

  const anyText = fc
    .string({ unit: 'binary', maxLength: 60 })
    .filter((text) => text[0] !== '\ufeff');
  const anyHead = fc.integer({ min: 4, max: 40 });
  const anyChunk = fc.integer({ min: 1, max: 20 });

  it('passes any UTF-8 unchanged wherever its chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyHead, anyChunk, async (text, headBytes, chunkBytes) => {
        const copied = await copy(Buffer.from(text), headBytes, chunkBytes);
        assert.deepStrictEqual(copied, { text, restarts: 0 });
      }),
      { numRuns: 300 },
    );
  });

  for (const [encoding, mark] of [
    ['utf-16le', [0xff, 0xfe]],
    ['utf-16be', [0xfe, 0xff]],
    ['utf-32le', [0xff, 0xfe, 0, 0]],
  ] as const) {
    it(`decodes any ${encoding} wherever its chunks are cut`, async () => {
      await fc.assert(
        fc.asyncProperty(anyText, anyHead, anyChunk, async (text, headBytes, chunkBytes) => {
          fc.pre(text[0] !== '\0'); // UTF-16LE that begins with NUL carries the mark of UTF-32LE
          const bytes = Buffer.concat([Buffer.from(mark), encode(text, encoding)]);
          const copied = await copy(bytes, headBytes, chunkBytes);
          assert.deepStrictEqual(copied.text, text);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('starts again with the detected encoding when a late chunk is not UTF-8', async () => {
    const text = `${'plain ascii '.repeat(50)}\nLe café était fermé, il a dû aller à la bibliothèque\n`;
    assert.deepStrictEqual(await copy(Buffer.from(text, 'latin1'), 64, 128), { text, restarts: 1 });
  });

  it('stays with UTF-8 when it was UTF-8 beyond ASCII until a damaged late chunk', async () => {
    const good = '日本語 '.repeat(50);
    const bytes = Buffer.concat([Buffer.from(good), Buffer.from([0xe9, 0x20]), Buffer.from('end')]);
    assert.deepStrictEqual((await copy(bytes, 64, 64)).text, `${good}\ufffd end`);
  });

  it('ends where the file ends when it has shrunk since it was opened', async () => {
    const file = path.join(fixture.root, 'shrunk');
    await writeFile(file, 'abcdef');
    const handle = await open(file);
    try {
      const sink = new RecordingSink();
      await sink.beginSource('shrunk');
      const head = Buffer.from(`${' '.repeat(roomBytes)}ab`);
      const opened = { real: file, handle, head, sizeBytes: 1_000 };
      await copyText(opened, sink, toOptions(3));
      assert.deepStrictEqual(sink.sources, [['shrunk', 'abcdef']]);
    } finally {
      await handle.close();
    }
  });

  it('reads no more than the file had when it was opened', async () => {
    const file = path.join(fixture.root, 'grown');
    await writeFile(file, 'abcdef and what was appended');
    const handle = await open(file);
    try {
      const sink = new RecordingSink();
      await sink.beginSource('grown');
      const head = Buffer.from(`${' '.repeat(roomBytes)}ab`);
      await copyText({ real: file, handle, head, sizeBytes: 6 }, sink, toOptions(64));
      assert.deepStrictEqual(sink.sources, [['grown', 'abcdef']]);
    } finally {
      await handle.close();
    }
  });

  it('says which file could not be read to its end', async () => {
    const file = path.join(fixture.root, 'failing');
    await writeFile(file, 'abcdef');
    const handle = await open(file);
    await handle.close();
    const head = Buffer.from(`${' '.repeat(roomBytes)}ab`);
    await assert.rejects(
      copyText({ real: file, handle, head, sizeBytes: 6 }, new RecordingSink(), toOptions(64)),
      isError('INVALID_INPUT', file),
    );
  });
});
