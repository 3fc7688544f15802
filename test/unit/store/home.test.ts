import assert from 'node:assert/strict';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { RlmError } from '../../../src/core/errors';
import { checkId, createHome, isId, toHomePath } from '../../../src/store/home';
import { useTempFolder } from '../../support/tempFolder';

describe('toHomePath', () => {
  it('follows RLM_HOME on every platform', () => {
    const env = { RLM_HOME: '/data/rlm', XDG_DATA_HOME: '/x', LOCALAPPDATA: 'C:\\x' };
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      assert.equal(toHomePath({ env, platform, homedir: '/h' }), resolve('/data/rlm'));
    }
  });

  it('uses the data folder of the platform', () => {
    assert.deepStrictEqual(
      [
        toHomePath({ env: {}, platform: 'linux', homedir: '/home/ada' }),
        toHomePath({ env: { XDG_DATA_HOME: '/xdg' }, platform: 'linux', homedir: '/home/ada' }),
        toHomePath({ env: {}, platform: 'darwin', homedir: '/Users/ada' }),
        toHomePath({ env: { LOCALAPPDATA: 'D:\\Local' }, platform: 'win32', homedir: 'C:\\ada' }),
        toHomePath({ env: {}, platform: 'win32', homedir: 'C:\\ada' }),
      ],
      [
        '/home/ada/.local/share/rlm-companion',
        '/xdg/rlm-companion',
        '/Users/ada/Library/Application Support/rlm-companion',
        'D:\\Local\\rlm-companion',
        'C:\\ada\\AppData\\Local\\rlm-companion',
      ],
    );
  });

  it('ignores a relative XDG_DATA_HOME', () => {
    assert.equal(
      toHomePath({ env: { XDG_DATA_HOME: 'data' }, platform: 'linux', homedir: '/home/ada' }),
      '/home/ada/.local/share/rlm-companion',
    );
  });
});

describe('createHome', () => {
  const temp = useTempFolder();

  it('creates folders that only the owner may enter, and leaves nothing else in them', async () => {
    const home = await createHome(join(temp(), 'a', 'b'));
    assert.deepStrictEqual((await readdir(home.path)).sort(), ['engines', 'sessions']);
    assert.deepStrictEqual(await readdir(home.engines), []);
    if (process.platform !== 'win32') {
      for (const folder of [home.path, home.sessions, home.engines]) {
        assert.equal((await stat(folder)).mode & 0o777, 0o700);
      }
    }
  });

  it('closes its own folders to others when they were left open', async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    await mkdir(join(temp(), 'sessions'), { mode: 0o755 });
    const home = await createHome(temp());
    assert.equal((await stat(home.sessions)).mode & 0o777, 0o700);
  });

  it('says which folder cannot be used and what to do', async () => {
    const path = join(temp(), 'file');
    await writeFile(path, '');
    await assert.rejects(createHome(path), (error: unknown) => {
      assert.ok(error instanceof RlmError);
      assert.equal(error.code, 'INTERNAL_ERROR');
      assert.ok(error.message.includes(path));
      assert.match(error.nextStep, /RLM_HOME/u);
      return true;
    });
  });
});

describe('ids', () => {
  it('are accepted only when they cannot leave their folder', () => {
    const bad = [
      '',
      'short',
      '../../../etc',
      'a/b/c/d/e',
      'a\\b\\c\\d\\e',
      'abcdefg.',
      'abcdefgh\n',
    ];
    assert.deepStrictEqual(bad.filter(isId), []);
    assert.equal(isId('0198c0de-4d2a-7c1e-9b7f-3a52c6d1e8f0'), true);
    assert.throws(() => checkId('../../../etc'), { code: 'INVALID_INPUT' });
  });
});
