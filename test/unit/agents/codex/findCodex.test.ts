// Where Codex is looked for, in which order, and what is never run.

import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CodexPlaces, findCodex } from '../../../../src/agents/codex/findCodex';
import { useTempFolder } from '../../../support/tempFolder';

describe('finding Codex', () => {
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  const native = 'vendor/x86_64-unknown-linux-musl/bin/codex';

  const write = async (...names: readonly string[]): Promise<string> => {
    const file = at(...names);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '', { mode: 0o755 });
    return file;
  };
  const places = (more: Partial<CodexPlaces> = {}): CodexPlaces => ({
    setting: null,
    environment: {},
    untrusted: [],
    platform: 'linux',
    arch: 'x64',
    nodePath: at('node', 'bin', 'node'),
    ...more,
  });
  /** npm's package, with the program of this platform inside or beside it. */
  const install = async (root: string, isBeside: boolean): Promise<string> => {
    await write(root, '@openai', 'codex', 'bin', 'codex.js');
    const own = ['@openai', 'codex-linux-x64', native];
    await write(root, '@openai', 'codex-linux-x64', 'vendor/aarch64-unknown-linux-musl/bin/codex');
    return isBeside ? write(root, ...own) : write(root, '@openai', 'codex', 'node_modules', ...own);
  };

  it('takes what the setting names, else what RLM_CODEX names, and nothing instead of these', async () => {
    const program = await write('bin', 'codex');
    const environment = { RLM_CODEX: program, PATH: at('bin') };
    assert.deepStrictEqual(
      [
        await findCodex(places({ setting: program })),
        await findCodex(places({ environment })),
        await findCodex(places({ setting: at('none'), environment })),
        await findCodex(places({ environment: { ...environment, RLM_CODEX: at('none') } })),
      ],
      [
        { path: program, foundBy: 'setting' },
        { path: program, foundBy: 'environment' },
        null,
        null,
      ],
    );
  });

  for (const isBeside of [true, false]) {
    it(`finds the program behind npm’s script, ${isBeside ? 'beside' : 'inside'} its package`, async () => {
      const program = await install('lib', isBeside);
      await mkdir(at('bin'));
      await symlink(at('lib', '@openai', 'codex', 'bin', 'codex.js'), at('bin', 'codex'));
      const environment = { PATH: `relative:${at('bin')}` };
      assert.deepStrictEqual(
        [
          await findCodex(places({ environment })),
          await findCodex(places({ setting: at('lib', '@openai', 'codex') })),
        ],
        [
          { path: program, foundBy: 'path' },
          { path: program, foundBy: 'setting' },
        ],
      );
    });
  }

  it('finds npm’s global packages beside Node', async () => {
    const program = await install(path.join('node', 'lib', 'node_modules'), true);
    assert.deepStrictEqual(await findCodex(places()), { path: program, foundBy: 'npm' });
  });

  it('runs nothing from a workspace that is not trusted, also not by a link', async () => {
    const program = await write('workspace', 'node_modules', '.bin', 'codex');
    await mkdir(at('links'));
    await symlink(program, at('links', 'codex'));
    const paths = [path.dirname(program), at('links')];
    const untrusted = [at('workspace')];
    const found = await Promise.all(
      paths.map((PATH) => findCodex(places({ environment: { PATH }, untrusted }))),
    );
    assert.deepStrictEqual(found, [null, null]);
    assert.ok(await findCodex(places({ environment: { PATH: at('links') } })));
  });
});
