import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { toRoots } from '../../../src/cli/roots';
import { useTempFolder } from '../../support/tempFolder';

describe('the folders a command may read', () => {
  const folder = useTempFolder();

  it('are the current one, the given ones, and those of the named files', async () => {
    const at = (...names: string[]) => path.join(folder(), ...names);
    await mkdir(at('logs'));
    await writeFile(at('logs', 'a.log'), '');
    await mkdir(at('here'));
    const roots = await toRoots(at('here'), {
      roots: ['../more'],
      files: ['../logs/a.log', '../logs', '../logs/*.log', '../logs/none.log'],
    });
    assert.deepStrictEqual(roots, [at('here'), at('more'), at('logs')]);
  });

  it('include the folder a link leads to', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    const at = (...names: string[]) => path.join(folder(), ...names);
    await mkdir(at('real'));
    await writeFile(at('real', 'a.log'), '');
    await mkdir(at('links'));
    await symlink(at('real', 'a.log'), at('links', 'a.log'));
    const roots = await toRoots(folder(), { files: ['links/a.log'] });
    assert.deepStrictEqual(roots, [folder(), at('links'), at('real')]);
  });
});
