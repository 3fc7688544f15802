// Ways out of the folder for downloads, and files that others swap meanwhile.

import assert from 'node:assert/strict';
import {
  mkdir,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { DownloadFolder } from '../../../src/context/downloadFolder';
import { RlmError } from '../../../src/core/errors';
import { useTempFolder } from '../../support/tempFolder';

const bytes = Buffer.from('bytes');
const withCode = (code: string) => (error: unknown) =>
  error instanceof RlmError && error.code === code;

describe('the folder for downloads', function () {
  this.timeout(60_000);
  const folder = useTempFolder();
  let out: string;
  let downloads: DownloadFolder;
  beforeEach(async function () {
    if (process.platform === 'win32') {
      this.skip(); // links need a privilege there
    }
    out = path.join(folder(), 'out');
    await mkdir(path.join(folder(), 'else'));
    await mkdir(out);
    downloads = new DownloadFolder(() => out);
  });

  it('is none unless the user has named one', async () => {
    const none = new DownloadFolder(() => null);
    await assert.rejects(none.write('a', bytes, false), withCode('PATH_NOT_ALLOWED'));
    const gone = new DownloadFolder(() => path.join(folder(), 'gone'));
    await assert.rejects(gone.write('a', bytes, false), withCode('INVALID_INPUT'));
  });

  it('takes relative and absolute paths below it, whatever link leads to it', async () => {
    await symlink(out, path.join(folder(), 'link'));
    const linked = new DownloadFolder(() => path.join(folder(), 'link'));
    const given = ['a', 'b/c', path.join(folder(), 'link', 'd'), path.join(out, 'e')];
    const written = await Promise.all(given.map((one) => linked.write(one, bytes, false)));
    assert.deepStrictEqual(
      written.map((one) => path.relative(out, one.path)),
      ['a', path.join('b', 'c'), 'd', 'e'],
    );
    assert.deepStrictEqual((await readdir(out)).sort(), ['a', 'b', 'd', 'e']);
  });

  it('lets nothing out of it, and leaves nothing half written', async () => {
    await symlink(path.join(folder(), 'else'), path.join(out, 'sideways'));
    await symlink('..', path.join(out, 'up'));
    await symlink(path.join(folder(), 'else', 'new'), path.join(out, 'dangling'));
    await writeFile(path.join(out, 'file'), 'old');
    const refused = [
      ...['', ' ', '.', '..', '/', 'a/', '../a', 'b/../../a', '/etc/a', `${out}-next/a`, 'a\0b'],
      ...['sideways/a', 'up/else/a', 'sideways', 'dangling', 'file/a', 'file', 'x'.repeat(300)],
    ];
    for (const overwrite of [false, true]) {
      for (const given of refused.filter((one) => !overwrite || one !== 'file')) {
        await assert.rejects(downloads.write(given, bytes, overwrite), RlmError, given);
      }
    }
    assert.deepStrictEqual((await readdir(out)).sort(), ['dangling', 'file', 'sideways', 'up']);
    assert.deepStrictEqual(await readdir(path.join(folder(), 'else')), []);
    assert.equal(await readFile(path.join(out, 'file'), 'utf8'), 'old');
  });

  it('of two that write the same new file one is refused, and the other’s is whole', async () => {
    const texts = ['a'.repeat(100_000), 'b'.repeat(100_000)];
    const settled = await Promise.allSettled(
      texts.map((text) => downloads.write('same', Buffer.from(text), false)),
    );
    assert.deepStrictEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.ok(texts.includes(await readFile(path.join(out, 'same'), 'utf8')));
    assert.deepStrictEqual(await readdir(out), ['same']);
  });

  it('keeps files in while another program swaps a folder for a link', async () => {
    const inner = path.join(out, 'inner');
    await mkdir(inner);
    const outside = await realpath(path.join(folder(), 'else'));
    let swapping = true;
    const swap = async (): Promise<void> => {
      while (swapping) {
        await rename(inner, `${inner}-aside`);
        await symlink(outside, inner);
        await rm(inner);
        await rename(`${inner}-aside`, inner);
      }
    };
    const swapped = swap().catch(() => undefined); // a folder that was made meanwhile is in its way
    for (let round = 0; round < 200; round += 1) {
      await downloads.write(`inner/${round}`, bytes, false).catch((error: unknown) => {
        assert.ok(error instanceof RlmError);
      });
    }
    swapping = false;
    await swapped;
    assert.deepStrictEqual(await readdir(outside), []);
  });
});
