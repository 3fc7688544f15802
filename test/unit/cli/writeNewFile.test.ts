import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../../../src/core/errors';
import { writeNewFile } from '../../../src/cli/writeNewFile';
import { useTempFolder } from '../../support/tempFolder';

const isPosix = process.platform !== 'win32';
const refused = { code: 'INVALID_INPUT' };

/** Breaks off after a part of it was written. */
async function* breakOff(): AsyncGenerator<string> {
  yield 'half of';
  await Promise.resolve();
  throw new RlmError('INTERNAL_ERROR', 'the trace ended', { nextStep: 'None.' });
}

describe('writeNewFile', () => {
  const temp = useTempFolder();
  const write = (name: string, text: string | AsyncIterable<string>, mayReplace: boolean) =>
    writeNewFile(name, text, { cwd: temp(), mayReplace, whenThere: 'Add --force.' });

  it('writes a file, and replaces one only when it may', async () => {
    const file = path.join(temp(), 'a.txt');
    assert.equal(await write('a.txt', 'first', false), file);
    await assert.rejects(write('a.txt', 'second', false), refused);
    assert.equal(await readFile(file, 'utf8'), 'first');
    if (isPosix) {
      await chmod(file, 0o640);
    }
    await write('a.txt', 'third', true);
    assert.equal(await readFile(file, 'utf8'), 'third');
    assert.ok(!isPosix || ((await stat(file)).mode & 0o777) === 0o640);
    assert.deepStrictEqual(await readdir(temp()), ['a.txt']);
  });

  for (const mayReplace of [true, false]) {
    it(`leaves nothing of one that breaks off, replacing ${mayReplace}`, async () => {
      await assert.rejects(write('new.txt', breakOff(), mayReplace), { code: 'INTERNAL_ERROR' });
      assert.deepStrictEqual(await readdir(temp()), []);
    });
  }

  it('keeps the old file when the new one breaks off', async () => {
    await write('a.txt', 'old', false);
    await assert.rejects(write('a.txt', breakOff(), true), { code: 'INTERNAL_ERROR' });
    assert.equal(await readFile(path.join(temp(), 'a.txt'), 'utf8'), 'old');
    assert.deepStrictEqual(await readdir(temp()), ['a.txt']);
  });

  for (const mayReplace of [true, false]) {
    it(`touches no folder, link, pipe or target of a link, replacing ${mayReplace}`, async () => {
      const at = (name: string): string => path.join(temp(), name);
      await mkdir(at('folder'));
      await writeFile(at('target'), 'kept');
      const names = ['folder'];
      if (isPosix) {
        await symlink(at('target'), at('link'));
        await symlink(at('missing'), at('dangling'));
        execFileSync('mkfifo', [at('pipe')]);
        names.push('link', 'dangling', 'pipe');
      }
      for (const name of names) {
        await assert.rejects(write(name, 'text', mayReplace), refused, name);
        await assert.rejects(write(name, breakOff(), mayReplace), RlmError, name);
      }
      assert.equal(await readFile(at('target'), 'utf8'), 'kept');
      assert.equal(isPosix && (await readlink(at('link'))), isPosix && at('target'));
      assert.ok(!isPosix || (await lstat(at('pipe'))).isFIFO());
      assert.deepStrictEqual((await readdir(temp())).sort(), [...names, 'target'].sort());
    });
  }
});
