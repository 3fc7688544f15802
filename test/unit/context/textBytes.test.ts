import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { encode } from 'iconv-lite';
import { findNoText } from '../../../src/context/textBytes';
import { encodingsByLanguage, readLanguage } from '../../support/languageTexts';

const zip = (name: string): string => `PK\x03\x04\x14\0\0\0\x08\0aaaabbbbccccdddd\x09\0\0\0${name}`;

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
  ];
  for (const [name, bytes] of kinds) {
    it(`calls ${name} by its name, with a remedy`, () => {
      const kind = findNoText(Buffer.from(bytes, 'latin1'), false);
      assert.ok(kind?.name.includes(name), kind?.name);
      assert.notDeepStrictEqual(kind?.remedy, '');
    });
  }

  it('takes compressed and random bytes for no text, whatever their length', () => {
    for (const length of [64, 500, 5_000, 65_536]) {
      for (let round = 0; round < 20; round += 1) {
        const noise = randomBytes(length);
        assert.notDeepStrictEqual(findNoText(noise, false), null);
        assert.notDeepStrictEqual(findNoText(gzipSync(noise).subarray(10), false), null);
      }
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
