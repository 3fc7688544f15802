// Any words as paths and any bytes as files: nothing outside the roots is read, what is read is UTF-8,
// and what was UTF-8 comes out unchanged.

import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { FileContextReader } from '../../src/context/fileContextReader';
import { RlmError } from '../../src/core/errors';
import { anyText, fuzz, toFuzzTitle } from '../support/fuzz';
import { useTempFolder } from '../support/tempFolder';
import { findWideEncoding } from '../../src/context/wideEncoding';

const pathCases = 6_000;
const byteCases = 3_000;
const secret = 'outside-51ce';
const never = new AbortController().signal;

/** The detector has tests of its own, and takes its time over noise. */
const guess = { encoding: 'windows-1252', isDoubtful: true, others: [] };

describe('fuzzed contexts', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let root: string;
  let reader: FileContextReader;

  beforeEach(async () => {
    root = path.join(folder(), 'root');
    await mkdir(path.join(root, 'inner'), { recursive: true });
    await mkdir(path.join(folder(), 'root2'));
    await writeFile(path.join(root, 'a.txt'), 'inside a\n');
    await writeFile(path.join(root, 'inner', 'b.txt'), 'inside b\n');
    await writeFile(path.join(folder(), 'root2', 'secret.txt'), secret);
    await writeFile(path.join(folder(), 'secret.txt'), secret);
    if (process.platform !== 'win32') {
      await symlink(folder(), path.join(root, 'up'));
      await symlink(path.join(folder(), 'secret.txt'), path.join(root, 'link.txt'));
    }
    reader = new FileContextReader({
      detectEncoding: async () => guess,
      roots: () => [root],
      baseFolder: root,
      maxFiles: 1_000,
    });
  });

  /** The bytes read, or null for a refusal that the contract knows. */
  const read = async (given: string): Promise<Buffer | null> => {
    const chunks: Buffer[] = [];
    let start = 0;
    const sink = {
      expect: async () => undefined,
      beginSource: async () => void (start = chunks.length),
      write: async (bytes: Uint8Array) => void chunks.push(Buffer.from(bytes)),
      restartSource: async () => void chunks.splice(start),
    };
    try {
      await reader.readContext({ text: null, paths: [given] }, sink, never);
      return Buffer.concat(chunks);
    } catch (error) {
      assert.ok(error instanceof RlmError, String(error));
      assert.ok(['PATH_NOT_ALLOWED', 'INVALID_INPUT', 'CONTEXT_TOO_LARGE'].includes(error.code));
      assert.equal(`${error.message}${error.nextStep}`.includes(secret), false);
      return null;
    }
  };

  it(toFuzzTitle('no path leads out of the roots', pathCases), async () => {
    const word = fc.oneof(
      fc.constantFrom('..', '.', 'root', 'root2', 'inner', 'up', 'link.txt', 'secret.txt', 'a.txt'),
      fc.constantFrom(
        '*',
        '**',
        '{..,inner}',
        '@(..)',
        '[.][.]',
        '*.txt',
        '!(x)',
        '~',
        '',
        '%2e%2e',
      ),
      anyText.filter((text) => text.length < 1_000),
    );
    const separator = fc.constantFrom('/', '/', '/', '\\', '//', '/./');
    const start = fc.constantFrom(
      '',
      '',
      '/',
      './',
      '../',
      '~/',
      'file://',
      'file:///',
      '\\\\',
      'C:\\',
    );
    const relative = fc
      .tuple(start, fc.array(word, { minLength: 1, maxLength: 6 }), separator)
      .map(([before, words, between]) => before + words.join(between));
    const given = fc.oneof(
      relative,
      relative.map((words) => `${root}/${words}`),
      relative.map((words) => `${folder()}/${words}`),
    );
    let accepted = 0;
    await fuzz(pathCases, given, async (one) => {
      const bytes = await read(one);
      if (bytes) {
        accepted += 1;
        assert.match(bytes.toString(), /^(inside [ab]\n)+$/u, JSON.stringify(one));
      }
    });
    assert.ok(accepted > 10, 'some paths were good');
  });

  it(
    toFuzzTitle('what is read is valid UTF-8, and the same where the file was', byteCases),
    async () => {
      const pieces = fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => Buffer.from(text)),
        fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
        fc.string({ unit: 'grapheme', maxLength: 100 }).map((text) => Buffer.from(text, 'utf16le')),
        fc
          .constantFrom(
            [0xef, 0xbb, 0xbf],
            [0xff, 0xfe],
            [0xfe, 0xff],
            [0],
            [0xc3],
            [0xed, 0xa0, 0x80],
          )
          .map((bytes) => Uint8Array.from(bytes)),
        fc.constantFrom('x'.repeat(70_000), 'é'.repeat(40_000)).map((text) => Buffer.from(text)),
      );
      const file = path.join(root, 'fuzzed.txt');
      let same = 0;
      await fuzz(byteCases, fc.array(pieces, { maxLength: 4 }), async (parts) => {
        const bytes = Buffer.concat(parts);
        await writeFile(file, bytes);
        const got = await read('fuzzed.txt');
        if (!got) {
          return;
        }
        assert.ok(decode(got) !== null, 'the text is valid UTF-8');
        const reference = decode(bytes);
        // What zero bytes show to be UTF-16 is not read as UTF-8.
        if (reference !== null && findWideEncoding(bytes) === null) {
          same += 1;
          assert.equal(got.toString(), reference);
        }
      });
      assert.ok(same > 10, 'some files were UTF-8');
    },
  );
});

/** As the WHATWG standard decodes UTF-8, its mark taken off; null for what is none. */
function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
