// The scripts that work on a server's folder, run by a shell of this machine.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { stopScript } from '../../../src/deploy/serverFiles';
import { useTempFolder } from '../../support/tempFolder';

describe('the scripts of a deployed server', function () {
  const folder = useTempFolder();

  before(function () {
    if (process.platform !== 'linux') {
      this.skip(); // the sandboxes are Linux, and /proc is read
    }
  });

  it('ends no process that has the number of a server which is gone', async () => {
    const other = spawn('sleep', ['60']);
    const ended = once(other, 'exit');
    try {
      await once(other, 'spawn');
      await writeFile(path.join(folder(), 'server.pid'), `${other.pid}\n`);
      await promisify(execFile)('sh', ['-c', stopScript(folder())]);
    } finally {
      other.kill('SIGKILL');
    }
    assert.deepStrictEqual(await ended, [null, 'SIGKILL']); // the first that came
  });
});
