import assert from 'node:assert/strict';
import { encode } from 'iconv-lite';
import { completeUtf8Length, isBinary } from '../../../src/context/encoding';
import { createFixture, type Fixture } from './contextFixture';

const french = 'Le café était fermé, il a dû aller à la bibliothèque où l’élève étudiait.\r\n';
const japanese = 'これは日本語のテキストです。文字コードの判定を確認するための文章です。\n';
const chinese = '这是一个中文文本，用来测试编码检测。我们希望它能够正确地识别出来。\n';
const russian = 'Это русский текст для проверки определения кодировки.\n';

describe('encodings', () => {
  let fixture: Fixture;

  before(async () => {
    fixture = await createFixture();
  });

  after(() => fixture.dispose());

  async function readBytes(bytes: Buffer): Promise<string | undefined> {
    await fixture.write({ 'sample.txt': bytes });
    return (await fixture.read('sample.txt')).sources[0]?.[1];
  }

  const marks: readonly (readonly [string, readonly number[]])[] = [
    ['utf-8', [0xef, 0xbb, 0xbf]],
    ['utf-16le', [0xff, 0xfe]],
    ['utf-16be', [0xfe, 0xff]],
    ['utf-32le', [0xff, 0xfe, 0, 0]],
    ['utf-32be', [0, 0, 0xfe, 0xff]],
    ['gb18030', [0x84, 0x31, 0x95, 0x33]],
  ];
  for (const [encoding, mark] of marks) {
    it(`reads ${encoding} by its byte order mark, and leaves the mark out`, async () => {
      const text = `${japanese}\ufeff😀 plain\r\n`;
      const bytes = Buffer.concat([Buffer.from(mark), encode(text, encoding, { addBOM: false })]);
      assert.deepStrictEqual(await readBytes(bytes), text);
    });
  }

  const samples: readonly (readonly [string, string])[] = [
    ['latin1', french.replace('’', "'")],
    ['windows-1252', french],
    ['shift_jis', japanese],
    ['euc-jp', japanese],
    ['gbk', chinese],
    ['windows-1251', russian],
    ['koi8-r', russian],
  ];
  for (const [encoding, text] of samples) {
    it(`detects ${encoding}`, async () => {
      assert.deepStrictEqual(await readBytes(encode(text, encoding)), text);
    });
  }

  it('passes UTF-8 unchanged, newlines and NUL-free controls included', async () => {
    const text = `a\r\nb\rc\n\t${chinese}\u2028\u001b[0m`;
    assert.deepStrictEqual(await readBytes(Buffer.from(text)), text);
  });

  it('takes what nothing speaks for as windows-1252', async () => {
    assert.deepStrictEqual(await readBytes(Buffer.from('caf\xe9 \x80', 'latin1')), 'café €');
  });

  it('keeps damaged UTF-8 as UTF-8, with a replacement for the damage', async () => {
    const bytes = Buffer.concat([Buffer.from(chinese), Buffer.from([0xff]), Buffer.from(chinese)]);
    assert.deepStrictEqual(await readBytes(bytes), `${chinese}\ufffd${chinese}`);
  });

  it('keeps UTF-8 whose last character is cut off', async () => {
    const bytes = Buffer.from(chinese.trimEnd());
    const cut = bytes.subarray(0, -1);
    assert.deepStrictEqual(await readBytes(cut), `${chinese.trimEnd().slice(0, -1)}\ufffd`);
  });

  it('shows an incomplete last unit of UTF-16', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x61, 0x00, 0x62]);
    assert.deepStrictEqual(await readBytes(bytes), 'a\ufffd');
  });

  it('tells binary from text by the first bytes', () => {
    const text = ['', 'plain', french, '\u001b[31mred\u001b[0m'].map((words) => Buffer.from(words));
    const legacy = samples.map(([encoding, words]) => encode(words, encoding));
    const compressed = Buffer.from('1f8b0800a1b2c3d4e5f60102030405060708', 'hex');
    const binary = [Buffer.from('ELF\0'), Buffer.from('%PDF-1.7\n'), compressed];
    assert.deepStrictEqual(
      [...text, ...legacy, ...binary].map((bytes) => isBinary(bytes)),
      [...[...text, ...legacy].map(() => false), ...binary.map(() => true)],
    );
  });

  it('leaves out only a character that is cut at the end', () => {
    const bytes = Buffer.from('é€😀');
    const lengths = Array.from({ length: bytes.length + 1 }, (_, end) =>
      completeUtf8Length(bytes.subarray(0, end)),
    );
    assert.deepStrictEqual(lengths, [0, 0, 2, 2, 2, 5, 5, 5, 5, 9]);
  });
});
