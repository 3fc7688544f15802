import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { neverAborted } from '../../../src/base/abort';
import { FileContextReader } from '../../../src/context/fileContextReader';
import {
  createFixture,
  type Fixture,
  isError,
  linkOrSkip,
  RecordingSink,
} from '../../unit/context/contextFixture';
import { detectHere } from '../../support/detectHere';

describe('FileContextReader on large and hostile folders', () => {
  let fixture: Fixture;
  let openBefore: number;

  beforeEach(async () => {
    fixture = await createFixture();
    openBefore = await countOpenFiles();
  });

  afterEach(async () => {
    const openAfter = await countOpenFiles();
    await fixture.dispose();
    assert.deepStrictEqual(openAfter, openBefore, 'files were left open');
  });

  it('reads a folder of thousands of files in order', async () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `f${String(index).padStart(4, '0')}`);
    await Promise.all(names.map((name) => writeFile(path.join(fixture.root, name), `<${name}>`)));
    const { sources } = await fixture.read('.');
    assert.deepStrictEqual(
      sources,
      names.map((name) => [name, `<${name}>`]),
    );
  });

  it('reads a file of many chunks unchanged', async () => {
    const text = 'Grüße, 世界 😀 plain\r\n'.repeat(300_000);
    await fixture.write({ 'large.txt': text });
    const { sources } = await fixture.read('large.txt');
    assert.ok(sources[0]?.[1] === text);
  });

  it('starts a large file again when its end is not UTF-8', async () => {
    const text = `${'plain ascii line\n'.repeat(400_000)}Le café était fermé à midi\n`;
    await fixture.write({ 'large.txt': Buffer.from(text, 'latin1') });
    const { sources, restarts } = await fixture.read('large.txt');
    assert.deepStrictEqual(restarts, 1);
    assert.ok(sources[0]?.[1] === text);
  });

  it('does not hang at named pipes, in a folder or by name', async function () {
    if (process.platform === 'win32') {
      this.skip(); // it has no named pipes in folders
    }
    await fixture.write({ 'a.txt': 'a' });
    execFileSync('mkfifo', [path.join(fixture.root, 'pipe')]);
    const { sources, skipped } = await fixture.read('.');
    assert.deepStrictEqual(
      { sources, skipped },
      {
        sources: [['a.txt', 'a']],
        skipped: [{ path: 'pipe', reason: 'a named pipe, not a file' }],
      },
    );
    await assert.rejects(fixture.read('pipe'), isError('INVALID_INPUT', 'a named pipe'));
  });

  it('never reads outside while a folder is swapped for a link again and again', async function () {
    if (process.platform === 'win32') {
      this.skip(); // a folder that is being read cannot be moved there
    }
    await fixture.write({ 'sub/a.txt': 'inside', '../outside/a.txt': 'SECRET' });
    await linkOrSkip(this, fixture.outside, path.join(fixture.root, 'link'));
    const swapper = new Worker(swapScript, {
      eval: true,
      workerData: { root: fixture.root },
    });
    await new Promise((resolve) => swapper.once('message', resolve));
    const seen = new Set<string>();
    try {
      for (let round = 0; round < 1_500; round += 1) {
        const given = round % 2 === 0 ? 'sub/a.txt' : 'sub';
        const reading = await fixture.read(given).catch(() => null);
        reading?.sources.forEach(([, text]) => seen.add(text));
      }
    } finally {
      await swapper.terminate();
    }
    assert.deepStrictEqual([...seen], ['inside']);
  });

  it('stops between chunks and closes everything when cancelled', async () => {
    await fixture.write({ 'a.txt': 'a'.repeat(8_000_000), 'b.txt': 'b', 'c.txt': 'c' });
    const abort = new AbortController();
    const sink = new RecordingSink();
    const write = sink.write.bind(sink);
    sink.write = async (bytes) => {
      abort.abort();
      await write(bytes);
    };
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
    });
    await assert.rejects(
      reader.readContext({ text: null, paths: ['.'] }, sink, abort.signal),
      isError('CANCELLED'),
    );
    assert.ok((sink.sources[0]?.[1].length ?? 0) < 8_000_000);
  });

  it('closes everything when the sink fails', async () => {
    await fixture.write({
      'a.txt': 'a'.repeat(8_000_000),
      'b.txt': 'b'.repeat(100_000),
      'c.txt': 'c',
    });
    const sink = new RecordingSink();
    sink.write = async () => {
      throw new Error('the sandbox is gone');
    };
    const reader = new FileContextReader({
      detectEncoding: detectHere,
      roots: () => [fixture.root],
      baseFolder: fixture.root,
    });
    await assert.rejects(
      reader.readContext({ text: null, paths: ['.'] }, sink, neverAborted),
      /the sandbox is gone/u,
    );
  });
});

/** Puts the folder and the link in each other's place for as long as it lives. */
const swapScript = `
  const { renameSync } = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const at = (name) => require('node:path').join(workerData.root, name);
  parentPort.postMessage('started');
  for (;;) {
    renameSync(at('sub'), at('real'));
    renameSync(at('link'), at('sub'));
    renameSync(at('sub'), at('link'));
    renameSync(at('real'), at('sub'));
  }
`;

/** Of this process; 0 where the system does not tell. */
async function countOpenFiles(): Promise<number> {
  return (await readdir('/proc/self/fd').catch(() => [])).length;
}
