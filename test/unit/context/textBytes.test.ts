import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encode } from 'iconv-lite';
import { findNoText } from '../../../src/context/textBytes';
import { toRlmError } from '../../../src/core/errors';
import { createFixture } from './contextFixture';
import { encodingsByLanguage, readLanguage } from '../../support/languageTexts';

const zip = (name: string): string => `PK\x03\x04\x14\0\0\0\x08\0aaaabbbbccccdddd\x09\0\0\0${name}`;

/** Begins with what to do. */
const doable =
  /^(?:Convert|Decompress|Unpack|Export|Save|Recognise|Transcribe|Name its source|Leave|Give)\b/u;

describe('findNoText', () => {
  const kinds: readonly (readonly [string, string])[] = [
    ['PDF', '%PDF-1.7\n%\xe2\xe3'],
    ['gzip', '\x1f\x8b\x08\0\0\0\0\0'],
    ['bzip2', 'BZh91AY&SY\x01\xff'],
    ['xz', '\xfd7zXZ\0\0\x04'],
    ['zstd', '\x28\xb5\x2f\xfd\x04'],
    ['zip', zip('a.txt')],
    ['DOCX', zip('word/document.xml')],
    ['XLSX', zip('xl/workbook.xml')],
    ['PPTX', zip('ppt/presentation.xml')],
    ['EPUB', zip('mimetypeapplication/epub+zip')],
    ['7-Zip', '7z\xbc\xaf\x27\x1c\0\x04'],
    ['tar', `${'name.txt'.padEnd(257, '\0')}ustar\x0000`],
    ['SQLite', 'SQLite format 3\0\x10\0'],
    ['Office', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0'],
    ['PNG', '\x89PNG\r\n\x1a\n\0\0\0'],
    ['JPEG', '\xff\xd8\xff\xe0\0\x10JFIF'],
    ['GIF', 'GIF89a\x01\0\x01\0'],
    ['ELF', '\x7fELF\x02\x01\x01\0'],
    ['Windows program', 'MZ\x90\0\x03\0\0\0'],
    ['WebAssembly', '\0asm\x01\0\0\0'],
    ['Parquet', 'PAR1\x15\x04\x15'],
    ['zero bytes', '\0\0\0\0'],
    ['binary data', '\x01\x02\x03\xff\xfe\x80abc\0\x7f'],
    ['lz4', '\x04\x22\x4d\x18\x64\x40\xa7\0\xff'],
    ['compress archive', '\x1f\x9d\x90\xff\0\x01'],
    ['RAR', 'Rar!\x1a\x07\x01\0\xff'],
    ['Debian', '!<arch>\ndebian-binary   \0\xff\x01'],
    ['RPM', '\xed\xab\xee\xdb\x03\0'],
    ['cabinet', 'MSCF\0\0\0\0\xff'],
    ['Avro', 'Obj\x01\x04\x16\0\xff'],
    ['Arrow', 'ARROW1\0\0\xff'],
    ['HDF5', '\x89HDF\r\n\x1a\n\0'],
    ['NumPy', '\x93NUMPY\x01\0v\0'],
    ['WebP', 'RIFF\x10\0\0\0WEBPVP8 \xff'],
    ['TIFF', 'II*\0\x08\0\0\0\xff'],
    ['TIFF', 'MM\0*\0\0\0\x08\xff'],
    ['BMP', 'BM\x36\0\x0c\0\0\0\0\0\x36\xff'],
    ['icon', '\0\0\x01\0\x01\0\x10\x10\xff'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\xff'],
    ['AVIF', '\0\0\0\x1cftypavif\0\0\xff'],
    ['video', '\0\0\0\x18ftypmp42\0\0\xff'],
    ['audio', 'RIFF\x24\x08\0\0WAVEfmt \x10\0\xff'],
    ['video', '\x1a\x45\xdf\xa3\x01\0'],
    ['audio', 'OggS\0\x02\0\xff'],
    ['audio', 'fLaC\0\0\0\x22\xff'],
    ['audio', 'ID3\x04\0\0\xff'],
    ['font', 'wOF2\0\x01\0\0\xff'],
    ['font', '\0\x01\0\0\0\x0f\x80\xff'],
    ['macOS program', '\xcf\xfa\xed\xfe\x07\0'],
    ['Java class', '\xca\xfe\xba\xbe\0\0'],
    ['compiled Python', '\xa7\x0d\r\n\0\0\0\0\xe3'],
    ['pickle', '\x80\x04\x95\x10\0'],
    ['Git pack', 'PACK\0\0\0\x02\xff'],
    ['packet capture', '\xd4\xc3\xb2\xa1\x02\0'],
    ['event log', 'ElfFile\0\0\xff'],
    ['OpenDocument', zip('mimetypeapplication/vnd.oasis.opendocument.text')],
    ['Java archive', zip('META-INF/MANIFEST.MF')],
  ];
  for (const [name, bytes] of kinds) {
    it(`calls ${name} by its name, with a remedy`, () => {
      const kind = findNoText(Buffer.from(bytes, 'latin1'), false);
      assert.ok(kind?.name.includes(name), kind?.name);
      assert.match(kind?.remedy ?? '', doable);
    });
  }

  it('says file, kind and remedy of each in one error that reads well', async () => {
    const fixture = await createFixture();
    try {
      for (const [at, [name, bytes]] of kinds.entries()) {
        await fixture.write({ [`file${at}`]: Buffer.from(bytes, 'latin1') });
        const error = toRlmError(
          await fixture.read(`file${at}`).catch((thrown: unknown) => thrown),
        );
        assert.deepStrictEqual([name, error.code], [name, 'INVALID_INPUT']);
        assert.ok(
          error.message.includes(`file${at}`) && error.message.includes(name),
          error.message,
        );
        assert.match(error.nextStep, doable);
        assert.match(error.nextStep, /, or name files that hold text\.$/u);
      }
    } finally {
      await fixture.dispose();
    }
  });

  it('takes compressed and random bytes for no text', () => {
    for (const length of [64, 500, 5_000, 65_536]) {
      const noises = Array.from({ length: 40 }, () => randomBytes(length));
      const all = noises.flatMap((noise) => [noise, gzipSync(noise).subarray(10)]);
      const taken = all.filter((bytes) => findNoText(bytes, false) === null).length;
      // One in a hundred of 64 bytes has no more control bytes than a text may have.
      assert.ok(taken <= (length < 500 ? 8 : 0), `${taken} of ${length} bytes`);
    }
  });

  it('takes text of any language and encoding for text', () => {
    for (const [language, encodings] of Object.entries(encodingsByLanguage)) {
      for (const encoding of [...encodings, 'utf-8']) {
        const name = encoding.replace('x-mac-cyrillic', 'maccyrillic');
        const bytes = encode(readLanguage(language).slice(0, 5_000), name);
        assert.deepStrictEqual(findNoText(bytes, false), null, `${language} ${encoding}`);
      }
    }
  });

  for (const [name, text] of [
    ['nothing', ''],
    ['colours', '\x1b[31mred\x1b[0m\n'],
    [
      'a protocol with separators',
      '8=FIX.4.2\x019=65\x0135=A\x0149=SERVER\x0156=CLIENT\x01\n'.repeat(9),
    ],
    ['records with separators', 'name\x1fvalue\x1eother\x1fnext value\x1e'],
    ['a list ended by zero bytes', './a.txt\0./b.txt\0./docs/c.txt\0'],
    ['what names a PNG', 'PNG images begin with 89 50 4E 47\n'],
    ['words that begin like a program', 'MZ is a mark\n'],
  ] as const) {
    it(`takes ${name} for text`, () => {
      assert.deepStrictEqual(findNoText(Buffer.from(text), false), null);
    });
  }

  it('lets the caller decide about what is of no known kind', () => {
    const bytes = Buffer.from('\x01\x02\xff\xfe\x80abc\0\x7f', 'latin1');
    assert.deepStrictEqual(findNoText(bytes, true), null);
    assert.notDeepStrictEqual(findNoText(Buffer.from('\x1f\x8b\x08\0', 'latin1'), true), null);
  });
});
