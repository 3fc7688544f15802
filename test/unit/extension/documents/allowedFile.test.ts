import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findAllowedFile } from '../../../../src/extension/documents/allowedFile';
import { useTempFolder } from '../../../support/tempFolder';

describe('allowedFile', () => {
  const readFolder = useTempFolder();
  const notThere = { code: 'INVALID_INPUT' };

  it('finds a name in a readable folder, and a readable file by its name from the base', async () => {
    const base = readFolder();
    const folder = path.join(base, 'logs');
    const file = path.join(folder, 'a.log');
    await mkdir(folder);
    await writeFile(file, 'a');
    assert.deepStrictEqual(
      [
        await findAllowedFile('a.log', { roots: [folder], baseFolder: base }),
        await findAllowedFile('logs/a.log', { roots: [file], baseFolder: base }),
        await findAllowedFile(file, { roots: [file], baseFolder: base }),
      ],
      [file, file, file],
    );
  });

  it('finds nothing below the base that may not be read, nor what a link leads out to', async () => {
    const base = readFolder();
    const folder = path.join(base, 'open');
    await mkdir(folder);
    await writeFile(path.join(base, 'secret.txt'), 'a');
    if (process.platform !== 'win32') {
      await symlink(path.join(base, 'secret.txt'), path.join(folder, 'link.txt')); // there only with a privilege
    }
    const files = { roots: [folder], baseFolder: base };
    for (const name of ['secret.txt', 'open/link.txt', 'link.txt', '../secret.txt']) {
      await assert.rejects(findAllowedFile(name, files), notThere, name);
    }
  });
});
