import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { toRoots } from '../../../src/cli/roots';
import { FakeCli } from './fakeCli';
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

  it('are of a file at the top of a disk or in the home folder that file alone', async () => {
    const before = process.env['HOME'];
    const file = path.join(folder(), 'notes.txt');
    await writeFile(file, 'x');
    process.env['HOME'] = folder();
    try {
      assert.deepStrictEqual(await toRoots('/', { files: [file] }), [file]);
      assert.deepStrictEqual(await toRoots('/', { files: ['~/notes.txt'] }), [file]);
    } finally {
      process.env['HOME'] = before;
    }
  });

  it('are warned of when they hold the home folder', async () => {
    const wide = ['/', '~', homedir(), path.dirname(homedir()), `${homedir()}/`];
    for (const root of [...wide, '~/logs', folder()]) {
      for (const command of [
        ['mcp', '--standalone'],
        ['run', 'none'],
      ]) {
        const cli = new FakeCli({ cwd: folder(), input: '1' });
        await cli.run(...command, '--root', root);
        const isWarned = cli.errors.text.includes(`--root ${root} lets everything`);
        assert.deepStrictEqual([root, isWarned], [root, wide.includes(root)]);
        assert.ok(!cli.output.text.includes('Warning'));
      }
    }
  });

  for (const args of [
    ['--root', 'a', 'b'],
    ['--root=a', '--root=b'],
    ['--root', 'a', '--root', 'b'],
  ]) {
    it(`are two for a server by ${args.join(' ')}`, async () => {
      const cli = new FakeCli({ cwd: folder() });
      assert.equal(await cli.run('mcp', ...args, '--standalone'), 0);
      const roots = ['a', 'b'].map((name) => path.join(folder(), name));
      assert.deepStrictEqual(cli.engineOptions?.roots, roots);
    });
  }

  it('and a folder after a root are told apart where files may follow, or refused', async () => {
    for (const name of ['a', 'b', 'a/in']) {
      await mkdir(path.join(folder(), name), { recursive: true });
    }
    const cases: readonly (readonly [readonly string[], boolean])[] = [
      [['--root', 'a', 'b'], true],
      [['--root', 'a', 'b', 'x.log'], true],
      [['--root', 'a', 'b', '--root', 'a'], true],
      [['--root', 'a', '--root', 'b'], false],
      [['--root', 'a', 'a/in'], false],
      [['--root', 'a', 'x.log'], false],
      [['b', '--root', 'a'], false],
      [['--root=a', 'b'], false],
      [['--root', 'a', '--', 'b'], false],
    ];
    for (const command of ['run', 'ask']) {
      for (const [args, isRefused] of cases) {
        const cli = new FakeCli({ cwd: folder(), input: '1' });
        const code = await cli.run(command, ...args);
        const isTold = cli.errors.text.includes('For a second root write --root a --root b');
        assert.deepStrictEqual([args, isTold], [args, isRefused], cli.errors.text);
        assert.ok(!isRefused || code === 2);
      }
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
