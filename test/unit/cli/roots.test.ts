import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { toRoots } from '../../../src/cli/roots';
import { useTempFolder } from '../../support/tempFolder';

describe('the folders a command may read', () => {
  const folder = useTempFolder();

  it('are the given ones, else the current one, and those of the named files', async () => {
    const at = (...names: string[]) => path.join(folder(), ...names);
    await mkdir(at('logs'));
    await writeFile(at('logs', 'a.log'), '');
    await mkdir(at('here'));
    const roots = await toRoots(at('here'), {
      roots: ['../more'],
      files: ['../logs/a.log', '../logs', '../logs/*.log', '../logs/none.log'],
    });
    assert.deepStrictEqual(roots, [at('more'), at('logs')]);
    assert.deepStrictEqual(await toRoots(at('here'), {}), [at('here')]);
  });

  it('are never a whole disk or the home folder by themselves', async () => {
    const disk = path.parse(folder()).root;
    for (const cwd of [disk, homedir()]) {
      assert.deepStrictEqual(await toRoots(cwd, {}), []);
      assert.deepStrictEqual(await toRoots(cwd, { roots: [cwd] }), [cwd]);
    }
  });

  it('may be written with a tilde or as file URLs', async () => {
    const url = pathToFileURL(folder()).href;
    const roots = await toRoots('/', { roots: ['~/logs', url], files: ['~/x*.log'] });
    assert.deepStrictEqual(roots, [path.join(homedir(), 'logs'), folder(), homedir()]);
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
