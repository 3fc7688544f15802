import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { encode } from 'iconv-lite';
import { knownEncodings } from '../../../src/core/encodings';
import { completeUtf8Length } from '../../../src/context/encoding';
import {
  decodeBytes,
  findEncoding,
  resolveEncoding,
  twoByteEncodings,
} from '../../../src/context/encodingNames';
import { readLanguage } from '../../support/languageTexts';
import { createFixture, type Fixture, isError } from './contextFixture';

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

  async function read(bytes: Buffer, encoding: string | null = null) {
    await fixture.write({ 'sample.txt': bytes });
    const { sources, texts, warnings } = await fixture.read('sample.txt', { encoding });
    const [text] = texts;
    return {
      text: sources[0]?.[1],
      encoding: text?.encoding,
      from: text?.encodingFrom,
      replaced: text?.replacedChars,
      warnings,
    };
  }

  async function readBytes(bytes: Buffer): Promise<string | undefined> {
    return (await read(bytes)).text;
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
      const expected = { text, encoding, from: 'bom', replaced: 0, warnings: [] };
      assert.deepStrictEqual(await read(bytes), expected);
    });
  }

  it('names the encodings that a doubtful text may be in, and none for a certain one', async () => {
    await fixture.write({
      'odd.txt': Buffer.from('a \xe9\xe8 b\n', 'latin1'),
      'sure.txt': russian,
    });
    const { likelyEncodings = [], warnings } = await fixture.read('odd.txt');
    assert.deepStrictEqual([likelyEncodings[0], warnings.length], ['windows-1252', 1]);
    assert.equal((await fixture.read('sure.txt')).likelyEncodings, undefined);
    await fixture.write({ 'broken.txt': Buffer.from([0x61, 0x80, 0x62]) });
    const broken = await fixture.read('broken.txt', { encoding: 'utf-8' });
    assert.deepStrictEqual(broken.likelyEncodings, ['utf-8']);
  });

  it('says that a mark won over the encoding given', async () => {
    const { text, from, warnings } = await read(Buffer.from(`\ufeff${french}`), 'shift_jis');
    assert.deepStrictEqual([text, from, warnings.length], [french, 'bom', 1]);
  });

  const wideEncodings = ['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'];
  for (const language of ['de', 'ru', 'ja', 'zh-cn', 'ko', 'el', 'th', 'ar']) {
    it(`reads ${language} as UTF-16 and UTF-32 without a mark`, async () => {
      const text = readLanguage(language).slice(0, 3_000);
      for (const encoding of wideEncodings) {
        const found = await read(encode(text, encoding, { addBOM: false }));
        assert.deepStrictEqual([found.encoding, found.text], [encoding, text]);
      }
    });
  }

  it('reads ASCII with any few stray bytes as one character a byte', async () => {
    const line = fc.string({ unit: 'grapheme-ascii', maxLength: 60 });
    const stray = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0x80, max: 0xff }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 12 }),
        fc.array(stray, { minLength: 1, maxLength: 3 }),
        async (lines, strays) => {
          const bytes = Buffer.from(`${lines.join('\n')}\n `.repeat(3));
          fc.pre(bytes.length > 30 && !bytes.includes('%PDF-'));
          for (const { at, byte } of strays) {
            bytes[(at % Math.floor(bytes.length / 2)) * 2] = byte; // never two together
          }
          const found = await read(bytes);
          assert.deepStrictEqual(found.text?.length, bytes.length);
          for (const [at, byte] of bytes.entries()) {
            if (byte < 0x80) {
              assert.deepStrictEqual(found.text[at], String.fromCharCode(byte));
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  const log = '2026-03-01 12:34:56 INFO request served in 12 ms\n'.repeat(80);
  for (const [name, stray, text] of [
    ['an accented letter', [0xe9, 0x0a], 'é\n'],
    ['a degree sign', [0xb0, 0x0a], '°\n'],
    ['what looks like a mark', [0xff, 0xfe, 0x0a], 'ÿþ\n'],
    ['what looks like the other mark', [0xfe, 0xff, 0x0a], 'þÿ\n'],
  ] as const) {
    it(`reads a log with a line of ${name} as windows-1252, wherever it stands`, async () => {
      const bytes = Buffer.from(stray);
      for (const [before, after] of [
        ['', log],
        [log, ''],
        [log, log],
      ] as const) {
        const found = await read(Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]));
        assert.deepStrictEqual(
          [found.text, found.encoding, found.from, found.replaced, found.warnings.length],
          [before + text + after, 'windows-1252', 'guessed', 0, 1],
        );
      }
    });
  }

  it('reads a log that was truncated while open: a hole, then lines', async () => {
    for (const zeros of [1, 600, 70_000, 3_000_000]) {
      const { text, warnings } = await read(Buffer.concat([Buffer.alloc(zeros), Buffer.from(log)]));
      assert.ok(text === '\0'.repeat(zeros) + log, `${zeros} zero bytes`);
      assert.deepStrictEqual(warnings.length, 1);
    }
  });

  it('reads lines with zero bytes among them, in any place', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: log.length }), { minLength: 1, maxLength: 8 }),
        async (places) => {
          let text = log;
          for (const at of places) {
            text = `${text.slice(0, at)}\0${text.slice(at)}`;
          }
          assert.deepStrictEqual(await readBytes(Buffer.from(text)), text);
        },
      ),
      { numRuns: 60 },
    );
  });

  const samples: readonly (readonly [string, string])[] = [
    ['windows-1252', french],
    ['shift_jis', japanese],
    ['euc-jp', japanese],
    ['windows-1251', russian],
    ['koi8-r', russian],
    ['ibm866', russian],
    ['cp855', russian],
  ];
  for (const [encoding, text] of samples) {
    it(`guesses ${encoding}`, async () => {
      const found = await read(encode(text.repeat(3), encoding));
      assert.deepStrictEqual(
        [found.text, found.encoding, found.from],
        [text.repeat(3), encoding, 'guessed'],
      );
    });
  }

  it('knows Japanese in seven bits by its escapes', async () => {
    const bytes = Buffer.from('plain\n\x1b$B$3$l$O\x1b(B and\n', 'latin1');
    const { text, encoding } = await read(bytes);
    assert.deepStrictEqual([text, encoding], ['plain\nこれは and\n', 'iso-2022-jp']);
  });

  it('passes UTF-8 unchanged, newlines and NUL-free controls included', async () => {
    const text = `a\r\nb\rc\n\t${chinese}\u2028\u001b[0m`;
    assert.deepStrictEqual(await read(Buffer.from(text)), {
      text,
      encoding: 'utf-8',
      from: 'guessed',
      replaced: 0,
      warnings: [],
    });
  });

  it('takes what nothing speaks for as windows-1252', async () => {
    assert.deepStrictEqual(await readBytes(Buffer.from('caf\xe9 \x80', 'latin1')), 'café €');
  });

  it('keeps damaged UTF-8 as UTF-8, counts the damage and warns of it', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${chinese}\ufffd`),
      Buffer.from([0xff]),
      Buffer.from(chinese),
    ]);
    const { text, replaced, warnings } = await read(bytes);
    assert.deepStrictEqual(
      [text, replaced, warnings.length],
      [`${chinese}\ufffd\ufffd${chinese}`, 1, 1],
    );
  });

  for (const damage of ['ff fe 80', 'e9', 'c3 28 ff ff ff ff ff ff', '80 81 82 83 84 85']) {
    for (const lines of [60, 3_000, 40_000]) {
      it(`keeps a log of ${lines} UTF-8 lines alike with one damaged line as UTF-8: ${damage}`, async () => {
        const half = (from: number): Buffer =>
          Buffer.from(Array.from({ length: lines / 2 }, (_, n) => `${from + n} ok é\n`).join(''));
        const bad = Buffer.from(damage.replaceAll(' ', ''), 'hex');
        const bytes = Buffer.concat([
          half(0),
          Buffer.from('bad '),
          bad,
          Buffer.from('\n'),
          half(7),
        ]);
        const { text, encoding, warnings } = await read(bytes);
        assert.deepStrictEqual(
          [encoding, text?.startsWith('0 ok é\n1 ok é\n'), warnings.length],
          ['utf-8', true, 1],
        );
      });
    }
  }

  it('keeps UTF-8 whose last character is cut off', async () => {
    const bytes = Buffer.from(chinese.trimEnd());
    const cut = bytes.subarray(0, -1);
    assert.deepStrictEqual(await readBytes(cut), `${chinese.trimEnd().slice(0, -1)}\ufffd`);
  });

  it('shows an incomplete last unit of UTF-16', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x61, 0x00, 0x62]);
    const { text, replaced } = await read(bytes);
    assert.deepStrictEqual([text, replaced], ['a\ufffd', 1]);
  });

  const declarations: readonly (readonly [string, string])[] = [
    ['<?xml version="1.0" encoding="{}"?>\n<a>', '</a>\n'],
    ["<?xml version='1.0' encoding='{}' standalone='yes'?>", ''],
    ['<!doctype html><html><head><meta charset={}><p>', ''],
    ['<html><META http-equiv="Content-Type" content="text/html; charset={}">\n', ''],
    ['@charset "{}";\n', ''],
    ['#!/usr/bin/python\n# -*- coding: {} -*-\n', ''],
    ['# coding={}\n', ''],
    ['# encoding: {}\n', ''],
    ['#!/usr/bin/ruby\n# -*- encoding: {} -*-\n', ''],
    ['# vim: set fileencoding={} :\n', ''],
    ['% !TEX encoding = {}\n', ''],
    [';; -*- mode: lisp; coding: {}-unix -*-\n', ''],
    ['/* vim: set fileencoding={} : */\n', ''],
    ['', '\n// vim: fenc={}\n'],
  ];
  for (const [before, after] of declarations) {
    it(`believes ${JSON.stringify(before + after)}`, async () => {
      for (const encoding of ['windows-1251', 'koi8-r', 'ibm866', 'windows-1252']) {
        const words = encoding === 'windows-1252' ? french : 'Да\n';
        const text = (before + words + after).replace('{}', encoding);
        const found = await read(encode(text, encoding));
        assert.deepStrictEqual(
          [found.text, found.encoding, found.from],
          [text, encoding, 'declared'],
        );
      }
    });
  }

  it('believes the bytes where a declaration cannot be true, and says so', async () => {
    const stale = `<meta charset="windows-1251">${french}`;
    const { text, encoding, warnings } = await read(Buffer.from(stale));
    assert.deepStrictEqual([text, encoding, warnings.length], [stale, 'utf-8', 1]);
  });

  it('takes the caller’s word, and counts what does not fit it', async () => {
    assert.deepStrictEqual(await read(encode('Да', 'ibm866'), 'CP866'), {
      text: 'Да',
      encoding: 'ibm866',
      from: 'given',
      replaced: 0,
      warnings: [],
    });
    const { replaced, warnings } = await read(Buffer.from('a\xff\xfeb', 'latin1'), 'utf-8');
    assert.deepStrictEqual([replaced, warnings.length], [2, 1]);
    assert.deepStrictEqual((await read(Buffer.from('a\0b\0'), 'utf-16le')).text, 'ab');
  });

  it('finds encodings by any label, and names the nearest of one that is none', async () => {
    const labels = ['latin1', 'UTF8', ' cp1251 ', 'x-sjis', 'latin-1', 'cp866', 'IBM850', 'utf_8'];
    const names = [
      'windows-1252',
      'utf-8',
      'windows-1251',
      'shift_jis',
      'windows-1252',
      'ibm866',
      'cp850',
      'utf-8',
    ];
    assert.deepStrictEqual(labels.map(findEncoding), names);
    for (const [label, nearest] of [
      ['windows-1521', 'windows-1251'],
      ['utf-9', 'utf-8'],
      ['koi8r-', 'koi8-r'],
      ['hex', ''],
      ['base64', ''],
      ['', ''],
    ] as const) {
      assert.throws(() => resolveEncoding(label), isError('INVALID_INPUT', nearest));
    }
    await assert.rejects(read(Buffer.from('a'), 'no-such'), isError('INVALID_INPUT'));
  });

  it('finds the names that people write', () => {
    for (const [name, labels] of Object.entries({
      macintosh: ['mac_roman', 'macroman', 'mac-roman', 'x-mac-roman'],
      'koi8-r': ['koi8r', 'koi8_r', 'KOI8-R'],
      'windows-1252': ['windows1252', 'win-1252', 'cp1252', 'Windows_1252'],
      'windows-1251': ['win1251', 'WIN-1251', 'windows 1251'],
      'utf-16le': ['utf16', 'utf-16', 'UTF_16_LE', 'utf16le'],
      'utf-16be': ['utf16be', 'utf_16_be'],
      'us-ascii': ['ascii', 'US-ASCII', 'ANSI_X3.4-1968'],
    })) {
      assert.deepStrictEqual(
        labels.map(findEncoding),
        labels.map(() => name),
      );
    }
  });

  it('says what is not ASCII where that is given or declared', async () => {
    const given = await read(Buffer.from('caf\xe9\n', 'latin1'), 'ascii');
    assert.deepStrictEqual([given.text, given.warnings.length], ['caf\ufffd\n', 1]);
    assert.deepStrictEqual((await read(Buffer.from(french), 'ascii')).warnings.length, 1);
    const plain = await read(Buffer.from('plain\n'), 'ascii');
    assert.deepStrictEqual([plain.text, plain.warnings], ['plain\n', []]);
    const declared = await read(Buffer.from('# encoding: ascii\ncaf\xe9\n', 'latin1'));
    assert.deepStrictEqual(
      [declared.text, declared.warnings.length],
      ['# encoding: ascii\ncafé\n', 2],
    );
  });

  /** A byte that sets a page apart which TextDecoder does not know, or not in every Node; empty for units of more bytes. */
  const pages: Readonly<Record<string, readonly [number, string]>> = {
    'utf-16le': [0x41, ''],
    'utf-16be': [0x41, ''],
    'utf-32le': [0x41, ''],
    'utf-32be': [0x41, ''],
    cp437: [0x9b, '¢'],
    cp720: [0x9f, 'ا'],
    cp737: [0x80, 'Α'],
    cp775: [0xd5, 'š'],
    cp850: [0x9d, 'Ø'],
    cp852: [0x88, 'ł'],
    cp855: [0xa0, 'а'],
    cp857: [0x8d, 'ı'],
    cp858: [0xd5, '€'],
    cp862: [0x80, 'א'],
    cp865: [0x9b, 'ø'],
    cp1125: [0xf2, 'Ґ'],
    'iso-8859-16': [0xba, 'ș'],
  };

  it('knows each name that it offers, also where TextDecoder knows fewer', () => {
    const whole = globalThis.TextDecoder;
    class OlderDecoder extends whole {
      constructor(label?: string, options?: ConstructorParameters<typeof whole>[1]) {
        if (label === 'iso-8859-16') {
          throw new RangeError(label); // as Node 20 does
        }
        super(label, options);
      }
    }
    for (const decoder of [whole, OlderDecoder]) {
      globalThis.TextDecoder = decoder;
      try {
        assert.deepStrictEqual(
          knownEncodings.map((name) => findEncoding(name)),
          knownEncodings,
        );
      } finally {
        globalThis.TextDecoder = whole;
      }
    }
  });

  /**
   * Bytes that decoders differ in. WHATWG reads two of KOI8-U as letters of Belarusian, RFC 2319 as lines of
   * boxes; the TextDecoder of Node 20 has ª in windows-1253, where the standard has nothing, and nothing
   * for the point of windows-1255 that the standard has.
   */
  const differing: Readonly<Record<string, readonly number[]>> = {
    'koi8-u': [0xae, 0xbe],
    'windows-1253': [0xaa],
    'windows-1255': [0xca],
  };

  it('decodes each encoding that it can name as others do', () => {
    const high = Array.from({ length: 0x5e }, (_, at) => 0xa1 + at);
    for (const name of knownEncodings) {
      const page = pages[name];
      if (page !== undefined) {
        const [byte, char] = page;
        const bytes =
          char === '' ? encode('日😀', name, { addBOM: false }) : Buffer.from([0x41, byte]);
        assert.deepStrictEqual(decodeBytes(bytes, name), char === '' ? '日😀' : `A${char}`, name);
        continue;
      }
      const singles = high.filter((byte) => !differing[name]?.includes(byte));
      const bytes = twoByteEncodings.has(name)
        ? encode(name === 'euc-kr' ? '사용자' : name === 'big5' ? '使用者' : '日本語', name)
        : Buffer.from(
            name === 'utf-8' ? french : name === 'iso-2022-jp' ? '\x1b$B$3$l$O\x1b(B' : singles,
          );
      const expected = new TextDecoder(name).decode(bytes);
      assert.ok(/[^\0-\x7f]/u.test(expected), name);
      const toMapped = (text: string) => text.replace(/[\ufffd\ue000-\uf8ff]/gu, '');
      assert.deepStrictEqual(toMapped(decodeBytes(bytes, name)), toMapped(expected), name);
    }
  });

  it('leaves out only a character that is cut at the end', () => {
    const bytes = Buffer.from('é€😀');
    const lengths = Array.from({ length: bytes.length + 1 }, (_, end) =>
      completeUtf8Length(bytes.subarray(0, end)),
    );
    assert.deepStrictEqual(lengths, [0, 0, 2, 2, 2, 5, 5, 5, 5, 9]);
  });
});
