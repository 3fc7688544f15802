import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { neverAborted } from '../../../src/base/abort';
import { FileContextReader } from '../../../src/context/fileContextReader';
import { createFixture, type Fixture, isError, RecordingSink } from './contextFixture';
import { detectHere } from '../../support/detectHere';

const utf8 = { encoding: 'utf-8', encodingFrom: 'guessed', replacedChars: 0 } as const;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('FileContextReader', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
  });

  afterEach(() => fixture.dispose());

  async function readText(text: string, paths: readonly string[] = []) {
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
    });
    const sink = new RecordingSink();
    const report = await reader.readContext({ text, paths }, sink, neverAborted);
    const { sources: texts, ...rest } = report;
    return { ...rest, texts, sources: sink.sources };
  }

  it('gives a text alone as one string named context_text', async () => {
    assert.deepStrictEqual(await readText('héllo\r\nworld'), {
      kind: 'text',
      shape: 'string',
      texts: [{ ...utf8, encodingFrom: 'given', hash: sha256('héllo\r\nworld') }],
      hash: sha256(sha256('héllo\r\nworld')),
      warnings: [],
      skipped: [],
      skippedCount: 0,
      sources: [['context_text', 'héllo\r\nworld']],
    });
  });

  it('tells the halves of surrogate pairs in a text that was given, wherever its parts meet', async () => {
    for (const before of [0, 1, 1_048_574, 1_048_575, 1_048_576]) {
      const { texts, warnings, sources } = await readText(
        `${'a'.repeat(before)}\ud83d${'b'.repeat(10)}\ude00😀`,
      );
      assert.deepStrictEqual(
        [texts[0]?.replacedChars, warnings, sources[0]?.[1]],
        [
          2,
          ['context_text (2): holds halves of surrogate pairs, each replaced by U+FFFD.'],
          `${'a'.repeat(before)}\ufffd${'b'.repeat(10)}\ufffd😀`,
        ],
      );
    }
  });

  it('says that an encoding does nothing to a text that was given', async () => {
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
    });
    const given = { text: 'a', paths: [], encoding: 'latin1' };
    const { warnings } = await reader.readContext(given, new RecordingSink(), neverAborted);
    assert.deepStrictEqual(warnings, [
      'encoding: windows-1252 was given, and counts for files; a text given inline is text already.',
    ]);
  });

  it('keeps a text whole where its parts meet inside a surrogate pair', async () => {
    const text = `${'a'.repeat(1_048_575)}😀${'b'.repeat(10)}`;
    const { sources } = await readText(text);
    assert.ok(sources[0]?.[1] === text);
  });

  it('says what all sources take in bytes before the first', async () => {
    await fixture.write({ 'a.txt': 'one', 'docs/b.txt': 'zwölf' });
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
    });
    const sink = new RecordingSink();
    await reader.readContext({ text: 'né', paths: ['.'] }, sink, neverAborted);
    assert.deepStrictEqual([sink.expected, sink.sources.length], [[[12, 0]], 3]);
  });

  it('has the same hash for the same texts, and another when one byte of one differs', async () => {
    const middle = 'm'.repeat(100_000);
    const read = async (end: string, name = 'c'): Promise<string> => {
      await fixture.write({ 'a.txt': `a${middle}`, [`${name}.txt`]: `${middle}${end}` });
      return (await fixture.read(['a.txt', `${name}.txt`])).hash;
    };
    const [first, same, other, renamed] = [
      await read('x'),
      await read('x'),
      await read('y'),
      await read('x', 'd'),
    ];
    assert.deepStrictEqual(
      [same === first, other === first, renamed === first],
      [true, false, true],
    );
  });

  it('takes the hash of the text as it was read in the end', async () => {
    const text = `${'plain\n'.repeat(20_000)}Le café était fermé, il a dû aller à la bibliothèque\n`;
    await fixture.write({ 'a.txt': Buffer.from(text, 'latin1') });
    const { restarts, texts } = await fixture.read('a.txt');
    assert.deepStrictEqual([restarts, texts[0]?.hash], [1, sha256(text)]);
  });

  it('gives an empty text as an empty source', async () => {
    assert.deepStrictEqual((await readText('')).sources, [['context_text', '']]);
  });

  it('gives one file as a string, under its name relative to the base folder', async () => {
    await fixture.write({ 'docs/a.txt': 'one' });
    assert.deepStrictEqual(await fixture.read('docs/a.txt'), {
      kind: 'files',
      shape: 'string',
      texts: [{ ...utf8, hash: sha256('one') }],
      hash: sha256(sha256('one')),
      warnings: [],
      skipped: [],
      skippedCount: 0,
      sources: [['docs/a.txt', 'one']],
      restarts: 0,
    });
  });

  it('gives an empty file as an empty source', async () => {
    await fixture.write({ 'empty.txt': '' });
    assert.deepStrictEqual((await fixture.read('empty.txt')).sources, [['empty.txt', '']]);
  });

  it('gives text and files as a mapping, the text first and under a name of its own', async () => {
    await fixture.write({ context_text: 'a file of that name', 'b.txt': 'b' });
    const reading = await readText('given', ['context_text', 'b.txt']);
    assert.deepStrictEqual(reading.shape, 'mapping');
    assert.deepStrictEqual(reading.sources, [
      ['context_text', 'given'],
      [path.join(fixture.root, 'context_text').replaceAll('\\', '/'), 'a file of that name'],
      ['b.txt', 'b'],
    ]);
  });

  it('gives a folder as a mapping even when it holds one file', async () => {
    await fixture.write({ 'docs/a.txt': 'one' });
    const { shape, sources } = await fixture.read('docs');
    assert.deepStrictEqual(
      { shape, sources },
      { shape: 'mapping', sources: [['docs/a.txt', 'one']] },
    );
  });

  it('keeps the order of the paths and reads a file once that is named twice', async () => {
    await fixture.write({ 'a.txt': 'a', 'b/c.txt': 'c' });
    const { shape, sources } = await fixture.read(['b', 'a.txt', 'b/c.txt', './a.txt']);
    assert.deepStrictEqual(shape, 'mapping');
    assert.deepStrictEqual(sources, [
      ['b/c.txt', 'c'],
      ['a.txt', 'a'],
    ]);
  });

  it('names files outside the base folder by their absolute path', async () => {
    await fixture.write({ '../outside/x.txt': 'x' });
    const { sources } = await fixture.read('../outside/x.txt', { roots: () => [fixture.top] });
    const name = path.join(fixture.outside, 'x.txt').replaceAll('\\', '/');
    assert.deepStrictEqual(sources, [[name, 'x']]);
  });

  it('accepts absolute paths and file URLs', async () => {
    await fixture.write({ 'a b.txt': 'one' });
    const file = path.join(fixture.root, 'a b.txt');
    assert.deepStrictEqual((await fixture.read(file)).sources, [['a b.txt', 'one']]);
    const { sources } = await fixture.read(pathToFileURL(file).href);
    assert.deepStrictEqual(sources, [['a b.txt', 'one']]);
  });

  it('expands a leading tilde to the home folder', async () => {
    await assert.rejects(
      fixture.read('~/no-such-file'),
      isError('PATH_NOT_ALLOWED', path.join(homedir(), 'no-such-file')),
    );
  });

  it('skips binary files by name and reads the rest', async () => {
    await fixture.write({
      'a.txt': 'text',
      'b.png': Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 1]),
    });
    const { sources, skipped, skippedCount } = await fixture.read('.');
    assert.deepStrictEqual(
      { sources, skipped, skippedCount },
      {
        sources: [['a.txt', 'text']],
        skipped: [{ path: 'b.png', reason: 'a PNG image, not text' }],
        skippedCount: 1,
      },
    );
  });

  it('names the first 50 skipped files and counts all', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `b${String(index).padStart(2, '0')}`);
    await fixture.write({ 'a.txt': 'text' });
    await Promise.all(names.map((name) => writeFile(path.join(fixture.root, name), '\0')));
    const { skipped, skippedCount } = await fixture.read('.');
    assert.deepStrictEqual(
      { names: skipped.map((skip) => skip.path), skippedCount },
      { names: names.slice(0, 50), skippedCount: 60 },
    );
  });

  it('refuses a request in which nothing is left to read, with the reasons', async () => {
    await fixture.write({
      'b.bin': Buffer.from([0x1f, 0x8b, 8, 0]),
      'docs/.gitignore': '*\n',
      'docs/a.txt': 'a',
    });
    await mkdir(path.join(fixture.root, 'empty'));
    for (const [given, reason] of [
      ['b.bin', 'b.bin: a gzip archive'],
      ['empty', 'empty: holds no files'],
      ['docs', 'docs/a.txt: ignored by * in .gitignore'],
      ['*.nothing', '*.nothing: no file matches'],
    ] as const) {
      await assert.rejects(fixture.read(given), isError('INVALID_INPUT', reason));
    }
  });

  it('refuses a request for nothing', async () => {
    await assert.rejects(fixture.read([]), isError('INVALID_INPUT'));
  });

  it('refuses files that together exceed the cap before it writes any', async () => {
    await fixture.write({ 'a.txt': 'a'.repeat(600), 'b.txt': 'b'.repeat(600) });
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
      maxTotalBytes: 1_000,
    });
    const sink = new RecordingSink();
    await assert.rejects(
      reader.readContext({ text: null, paths: ['.'] }, sink, neverAborted),
      isError('CONTEXT_TOO_LARGE', '1.2 KB in 2 files', '1.0 KB'),
    );
    assert.deepStrictEqual(sink.sources, []);
  });

  it('does not count binary files against the cap', async () => {
    await fixture.write({ 'a.txt': 'a'.repeat(600), 'b.bin': Buffer.alloc(5_000) });
    const { sources } = await fixture.read('.', { maxTotalBytes: 1_000 });
    assert.deepStrictEqual(sources, [['a.txt', 'a'.repeat(600)]]);
  });

  it('refuses a text over the cap', async () => {
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [],
      baseFolder: fixture.root,
      maxTotalBytes: 10,
    });
    await assert.rejects(
      reader.readContext({ text: 'é'.repeat(6), paths: [] }, new RecordingSink(), neverAborted),
      isError('CONTEXT_TOO_LARGE', '12 B', '10 B'),
    );
  });

  it('stops at the cap when a file takes more as UTF-8 than on disk', async () => {
    await fixture.write({ 'a.txt': Buffer.from('é'.repeat(900), 'latin1') });
    await assert.rejects(
      fixture.read('a.txt', { maxTotalBytes: 1_000 }),
      isError('CONTEXT_TOO_LARGE', '1.8 KB'),
    );
  });

  it('refuses too many files, folders or paths, and says of what, where, and the limit', async () => {
    await fixture.write({ 'a/1.txt': '1', 'a/2.txt': '2', '3.txt': '3', 'b/c/d/e.txt': '5' });
    const cases: readonly (readonly [readonly string[], number, string])[] = [
      [['a', '3.txt'], 2, '3.txt, with what is named before it, has more than 2 files'],
      [['a/?.txt'], 1, 'a/?.txt has more than 1 files'],
      [['a'], 1, `${fixture.root}/a has more than 1 files`],
      [['b'], 2, `${fixture.root}/b/c/d has more than 2 folders`],
      [['a', 'b', '3.txt'], 2, 'The call has more than 2 paths'],
    ];
    for (const [given, maxFiles, said] of cases) {
      await assert.rejects(
        fixture.read(given, { maxFiles }),
        isError('CONTEXT_TOO_LARGE', said),
        said,
      );
    }
    const given = Array.from({ length: 100_001 }, () => '3.txt');
    await assert.rejects(fixture.read(given), isError('CONTEXT_TOO_LARGE', '100,000 paths'));
  });

  it('stops before the first source when it is cancelled already', async () => {
    await fixture.write({ 'a.txt': 'a' });
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
    });
    await assert.rejects(
      reader.readContext(
        { text: null, paths: ['a.txt'] },
        new RecordingSink(),
        AbortSignal.abort(),
      ),
      isError('CANCELLED'),
    );
  });

  it('asks for the allowed folders anew each time', async () => {
    await fixture.write({ 'a.txt': 'a' });
    const roots: string[] = [];
    const options = { roots: () => roots };
    await assert.rejects(fixture.read('a.txt', options), isError('PATH_NOT_ALLOWED'));
    roots.push(fixture.root);
    assert.deepStrictEqual((await fixture.read('a.txt', options)).sources, [['a.txt', 'a']]);
  });
});
