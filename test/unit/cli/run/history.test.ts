import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { historySize, readHistory, writeHistory } from '../../../../src/cli/run/history';
import { useTempFolder } from '../../../support/tempFolder';

describe('the history of the REPL', () => {
  const folder = useTempFolder();

  it('comes back newest first', async () => {
    await writeHistory(folder(), ['new', 'old']);
    assert.deepStrictEqual(await readHistory(folder()), ['new', 'old']);
  });

  it('keeps the newest 1,000 lines', async () => {
    const lines = Array.from({ length: historySize + 5 }, (_, at) => `line ${at}`);
    await writeHistory(folder(), lines);
    assert.deepStrictEqual(await readHistory(folder()), lines.slice(0, historySize));
  });

  it('is readable by its owner only, also when the file was there before', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const file = path.join(folder(), 'history');
    await writeFile(file, '', { mode: 0o644 });
    await writeHistory(folder(), ['x']);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('is empty where there is none, and not missed where it cannot be written', async () => {
    const nowhere = path.join(folder(), 'none');
    assert.deepStrictEqual(await readHistory(nowhere), []);
    await writeHistory(nowhere, ['x']);
  });

  it('waits for no pipe and follows no link that is there instead', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const file = path.join(folder(), 'history');
    const secret = path.join(folder(), 'secret');
    await writeFile(secret, 'kept\n');
    for (const put of [() => symlink(secret, file), () => execFileSync('mkfifo', [file])]) {
      await put();
      assert.deepStrictEqual(await readHistory(folder()), []);
      await writeHistory(folder(), ['x']);
      assert.deepStrictEqual(await readHistory(folder()), ['x']);
      await rm(file);
    }
    assert.equal(await readFile(secret, 'utf8'), 'kept\n');
  });
});
