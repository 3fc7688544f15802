import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as fc from 'fast-check';
import { encode } from 'iconv-lite';
import { neverAborted } from '../../../src/base/abort';
import { readByteOrderMark } from '../../../src/context/encoding';
import { decodeBytes } from '../../../src/context/encodingNames';
import { ChunkBuffers } from '../../../src/context/chunks';
import { copyText, type CopyOptions } from '../../../src/context/copyText';
import { readFully, roomBytes } from '../../../src/context/openedFile';
import { createFixture, type Fixture, isError, RecordingSink } from './contextFixture';
import { detectHere } from '../../support/detectHere';

function toOptions(chunkBytes: number, given: string | null = null): CopyOptions {
  const buffers = new ChunkBuffers(chunkBytes);
  return { buffers, given, detectEncoding: detectHere, signal: neverAborted };
}

interface Cut {
  readonly headBytes: number;
  readonly chunkBytes: number;
  readonly given?: string;
}

describe('copyText', () => {
  let fixture: Fixture;

  before(async () => {
    fixture = await createFixture();
  });

  after(() => fixture.dispose());

  /** Copies with a head and chunks of the given sizes, to put boundaries anywhere. */
  async function copyCut(bytes: Buffer, { headBytes, chunkBytes, given }: Cut) {
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
      const { replacedChars } = await copyText(source, sink, toOptions(chunkBytes, given));
      return { text: sink.sources[0]?.[1], restarts: sink.restarts, replacedChars };
    } finally {
      await opened.close();
    }
  }

  async function copy(bytes: Buffer, headBytes: number, chunkBytes: number) {
    const { text, restarts } = await copyCut(bytes, { headBytes, chunkBytes });
    return { text, restarts };
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

  /** `bytes` cut once at every position, and into pieces of each small size. */
  async function checkEveryCut(bytes: Buffer, given: string, wanted: object): Promise<void> {
    for (let headBytes = 1; headBytes < bytes.length; headBytes += 1) {
      const chunkBytes = headBytes % 2 === 0 ? bytes.length : 1 + (headBytes % 5);
      const { text, replacedChars } = await copyCut(bytes, { headBytes, chunkBytes, given });
      assert.deepStrictEqual({ text, replacedChars }, wanted, `head ${headBytes}, ${chunkBytes}`);
    }
  }

  const ownAndOther = fc.oneof(
    fc.constant('\ufffd'),
    fc.constantFrom(
      '漢',
      'ﾊ',
      'é',
      '한',
      '😀',
      '1',
      '\u{10ffff}',
      '\ufdfd',
      '\u00fd',
      '\u00ff',
      '一',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  );

  for (const encoding of [
    ...['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be', 'gb18030'],
    ...['gbk', 'big5', 'shift_jis', 'euc-jp', 'euc-kr', 'windows-1251', 'koi8-r'],
  ]) {
    it(`counts nothing as replaced in whole ${encoding}, wherever its bytes are cut`, async () => {
      const holdsMark = encoding.startsWith('utf') || encoding === 'gb18030';
      const writable = fc
        .oneof(ownAndOther, fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 2 }))
        .filter(
          (one) =>
            decodeBytes(encode(one, encoding), encoding) === one &&
            (holdsMark || !one.includes('\ufffd')),
        );
      const texts = fc.array(writable, { minLength: 1, maxLength: 8 }).map((all) => all.join(''));
      await fc.assert(
        fc.asyncProperty(texts, async (text) => {
          const bytes = encode(text, encoding);
          fc.pre(readByteOrderMark(bytes) === null);
          assert.equal(decodeBytes(bytes, encoding), text);
          await checkEveryCut(bytes, encoding, { text, replacedChars: 0 });
        }),
        { numRuns: 25 },
      );
    });
  }

  for (const [encoding, hex, character] of [
    ['gb18030', '90308130', '\u{10000}'],
    ['gb18030', '9439fc36', '😀'],
    ['big5', '8862', '\u00ca\u0304'],
  ] as const) {
    it(`loses nothing of ${encoding} when a character of two units is cut before ASCII`, async () => {
      const bytes = Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from('abcdefgh')]);
      await checkEveryCut(bytes, encoding, { text: `${character}abcdefgh`, replacedChars: 0 });
    });
  }

  it('counts nothing as replaced in whole iso-2022-jp, wherever its bytes are cut', async () => {
    const bytes = Buffer.from('a\x1b$B4A;z\x1b(Bb\x1b$B$"\x1b(B', 'latin1');
    await checkEveryCut(bytes, 'iso-2022-jp', { text: 'a漢字bあ', replacedChars: 0 });
  });

  for (const [encoding, hex, text] of [
    ['utf-8', 'efbfbd ff efbfbd', '\ufffd\ufffd\ufffd'],
    ['utf-16le', 'fdff 00d8 fdff', '\ufffd\ufffd\ufffd'],
    ['utf-16be', 'fffd dc00 fffd 41', '\ufffd\ufffd\ufffd\ufffd'],
    ['utf-32le', 'fdff0000 00001100 61000000', '\ufffd\ufffda'],
    ['gb18030', '8431a437 ff 8431a437', '\ufffd\ufffd\ufffd'],
  ] as const) {
    it(`counts what stands for bytes that are no ${encoding}, and not what the file says`, async () => {
      const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
      const replacedChars = encoding === 'utf-16be' ? 2 : 1;
      await checkEveryCut(bytes, encoding, { text, replacedChars });
    });
  }

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
