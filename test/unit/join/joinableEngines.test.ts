import assert from 'node:assert/strict';
import { chmod, chown, symlink, rename } from 'node:fs/promises';
import path from 'node:path';
import { findRunningEngine, listJoinableEngines } from '../../../src/join/joinableEngines';
import { EngineFile } from '../../../src/store/engineFile';
import { createHome, type Home } from '../../../src/store/home';
import { useTempFolder } from '../../support/tempFolder';

describe('listJoinableEngines', () => {
  const folder = useTempFolder();
  let home: Home;
  let files: EngineFile[];

  beforeEach(async () => {
    home = await createHome(path.join(folder(), 'home'));
    files = [];
  });
  afterEach(() => files.forEach((file) => file.dispose()));

  const announce = async (
    engineId: string,
    url: string | null,
    startedAt: number,
    takesClients = true,
  ) => {
    const token = url === null ? null : 'secret';
    const at = { engineId, pid: process.pid, url, token };
    const engine = { ...at, takesClients, version: '1', startedAt };
    files.push(await EngineFile.create(home, engine));
    return path.join(home.engines, `${engineId}.json`);
  };
  const list = async () => {
    const lines: string[] = [];
    const engines = await listJoinableEngines(home, (line) => lines.push(line));
    return { ids: engines.map(({ engineId }) => engineId), log: lines.join('\n') };
  };

  it('lists the engines that serve HTTP on loopback, longest running first', async () => {
    await announce('engine-new', 'http://localhost:2/mcp', 2_000);
    await announce('engine-old', 'http://127.0.0.1:1/mcp', 1_000);
    await announce('engine-six', 'http://[::1]:3/mcp', 3_000);
    await announce('engine-stdio', null, 500);
    assert.deepStrictEqual(await list(), {
      ids: ['engine-old', 'engine-new', 'engine-six'],
      log: '',
    });
  });

  it('leaves out those that take no clients, and finds each by its id', async () => {
    await announce('engine-own', 'http://127.0.0.1:1/mcp', 1_000, false);
    await announce('engine-stdio', null, 500);
    assert.deepStrictEqual(await list(), { ids: [], log: '' });
    const find = async (engineId: string) => {
      const found = await findRunningEngine(home, engineId, () => undefined);
      return found && [found.pid, found.endpoint?.url.port ?? null];
    };
    assert.deepStrictEqual(
      [await find('engine-own'), await find('engine-stdio'), await find('engine-gone')],
      [[process.pid, '1'], [process.pid, null], null],
    );
  });

  it('leaves out files that are no plain files, or not this user’s', async function () {
    if (process.platform === 'win32') {
      this.skip(); // owners and modes mean nothing there
    }
    const linked = await announce('engine-link', 'http://127.0.0.1:1/mcp', 1_000);
    await rename(linked, path.join(folder(), 'elsewhere.json'));
    await symlink(path.join(folder(), 'elsewhere.json'), linked);
    const open = await announce('engine-open', 'http://127.0.0.1:1/mcp', 1_000);
    await chmod(open, 0o604);
    const { ids, log } = await list();
    assert.deepStrictEqual(ids, []);
    assert.match(log, /others may touch the file \(mode 604\)/u); // a link is not even read
    assert.ok(!log.includes('secret'));
    if (process.getuid?.() === 0) {
      await chown(await announce('engine-their', 'http://127.0.0.1:1/mcp', 1), 65_534, 65_534);
      assert.match((await list()).log, /another user/u);
    }
  });
});
