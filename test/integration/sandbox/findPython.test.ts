// The Python of backend local: found where people install one, and refused where it would open too much.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { sandboxFolder } from '../../support/repl';
import { LocalPlaces } from '../../../src/sandbox/native/local/localPlaces';
import { describePython } from '../../support/backends';

/** A Python that answers the probe with these words. */
async function writeFake(folder: string, answer: object): Promise<string> {
  const file = path.join(folder, 'python');
  await writeFile(file, `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
  await chmod(file, 0o755);
  return file;
}

describePython(
  'the Python that is named',
  function () {
    this.timeout(60_000);
    let folder: string;
    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'rlm-python-'));
      await chmod(folder, 0o755);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    const start = async (python: string): Promise<string> => {
      const worker = await new LocalPlaces(sandboxFolder).start(
        { python, node: null, network: [] },
        'python',
      );
      worker.dispose();
      return worker.detail;
    };

    it('runs from a virtual environment, also one below /tmp and behind a link', async () => {
      const environment = path.join(folder, 'venv');
      execFileSync('/usr/bin/python3', ['-m', 'venv', '--without-pip', environment]);
      await symlink(environment, path.join(folder, 'current'));
      for (const name of ['venv', 'current']) {
        const python = path.join(folder, name, 'bin/python');
        assert.match(await start(python), /^CPython 3\.\d+/u, python);
      }
    });

    const rows: Readonly<Record<string, readonly [answer: object, says: RegExp]>> = {
      'is too old': [
        { version: '3.8.1', minor: [3, 8], prefixes: ['/usr'] },
        /3\.8\.1.*needs 3\.11/u,
      ],
      'is another major version': [
        { version: '4.0.0', minor: [4, 0], prefixes: ['/usr'] },
        /needs 3\.11/u,
      ],
      'is installed in a home folder itself': [
        { version: '3.12.0', minor: [3, 12], prefixes: [os.homedir()] },
        /code would read all that lies below/u,
      ],
      'is installed where its own files would be': [
        { version: '3.12.0', minor: [3, 12], prefixes: ['/tmp'] },
        /code would read all that lies below/u,
      ],
      'lies where nobody else may look': [
        { version: '3.12.0', minor: [3, 12], prefixes: ['/no/such/folder'] },
        /does not run inside the system's sandbox/u,
      ],
    };
    for (const [name, [answer, says]] of Object.entries(rows)) {
      it(`is refused with a reason where it ${name}`, async () => {
        const own = path.join(folder, name.replaceAll(' ', '-'));
        await mkdir(own);
        const file = await writeFake(own, { executable: '/usr/bin/python3', ...answer });
        await assert.rejects(start(file), (error: { code?: string; message?: string }) => {
          assert.equal(error.code, 'BACKEND_UNAVAILABLE');
          assert.match(error.message ?? '', says);
          return true;
        });
      });
    }

    it('is refused where it is no program, or no Python', async () => {
      const silent = path.join(folder, 'silent');
      await writeFile(silent, '#!/bin/sh\nexit 0\n');
      await chmod(silent, 0o755);
      for (const python of ['/no/such/python', silent, '/bin/false', folder]) {
        await assert.rejects(start(python), { code: 'BACKEND_UNAVAILABLE' }, python);
      }
    });
  },
  ['local'],
);
