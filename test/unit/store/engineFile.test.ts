import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';

import {
  EngineFile,
  type EngineEndpoint,
  isEngineAlive,
  listEngines,
} from '../../../src/store/engineFile';
import { createHome, type Home } from '../../../src/store/home';
import { useTempFolder } from '../../support/tempFolder';

describe('EngineFile', () => {
  const temp = useTempFolder();
  let home: Home;
  beforeEach(async () => {
    home = await createHome(temp());
  });

  const endpoint: EngineEndpoint = {
    engineId: 'engine-0001',
    pid: process.pid,
    url: 'http://127.0.0.1:4312/mcp',
    token: 'secret-token',
    takesClients: true,
    version: '0.1.0',
    startedAt: Date.UTC(2026, 6, 27),
  };

  it('shows a running engine to others until it is disposed', async () => {
    const file = await EngineFile.create(home, endpoint);
    assert.deepStrictEqual(await listEngines(home), [endpoint]);
    assert.equal(await isEngineAlive(home, endpoint.engineId), true);
    file.dispose();
    file.dispose();
    assert.deepStrictEqual(await listEngines(home), []);
    assert.deepStrictEqual(await readdir(home.engines), []);
  });

  it('is not shown any more when it was killed, also before its parent knows', async function () {
    if (process.platform !== 'linux') {
      this.skip(); // elsewhere nothing tells
    }
    // The shell becomes a program that asks for none of its children.
    const parent = spawn('sh', ['-c', 'sh -c : & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]; // its pid
      const pid = Number(line.toString());
      const stat = (): Promise<string> => readFile(`/proc/${pid}/stat`, 'latin1');
      while (!/\) Z /u.test(await stat())) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const file = await EngineFile.create(home, { ...endpoint, pid });
      assert.equal(await isEngineAlive(home, endpoint.engineId), false);
      file.dispose();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('stays shown while its endpoint is replaced', async () => {
    const file = await EngineFile.create(home, { ...endpoint, url: null, token: null });
    const path = join(home.engines, 'engine-0001.json');
    const replaced = file.replace(endpoint);
    assert.ok(existsSync(path));
    await replaced;
    assert.deepStrictEqual(await listEngines(home), [endpoint]);
    file.dispose();
  });

  it('leaves no file when it is disposed while its endpoint is replaced', async () => {
    const file = await EngineFile.create(home, endpoint);
    const replaced = file.replace(endpoint);
    file.dispose();
    await replaced;
    assert.deepStrictEqual(await readdir(home.engines), []);
  });

  it('keeps the token in one file that only the owner may read', async () => {
    const file = await EngineFile.create(home, endpoint);
    assert.deepStrictEqual(await readdir(home.engines), ['engine-0001.json']);
    const path = join(home.engines, 'engine-0001.json');
    assert.deepStrictEqual(JSON.parse(await readFile(path, 'utf8')), {
      engine_id: 'engine-0001',
      pid: process.pid,
      host: hostname(),
      url: endpoint.url,
      token: 'secret-token',
      takes_clients: true,
      version: '0.1.0',
      started_at: '2026-07-27T00:00:00.000Z',
    });
    if (process.platform !== 'win32') {
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    }
    file.dispose();
  });

  it('drops an engine whose process is gone, and its file', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const file = await EngineFile.create(home, { ...endpoint, pid });
    assert.deepStrictEqual(await listEngines(home), []);
    assert.deepStrictEqual(await readdir(home.engines), []);
    file.dispose();
  });

  it('tells of an engine on another machine by its heartbeat, and not where to reach it', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const file = await EngineFile.create(home, { ...endpoint, pid });
    const path = join(home.engines, 'engine-0001.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(JSON.stringify(hostname()), '"another-machine"'));
    assert.deepStrictEqual(await listEngines(home), [{ ...endpoint, pid, url: null, token: null }]);
    const late = new Date(Date.now() - 61_000);
    await utimes(path, late, late);
    assert.deepStrictEqual(await listEngines(home), []);
    file.dispose();
  });

  it('drops an engine that has not shown life for a minute', async () => {
    const file = await EngineFile.create(home, endpoint);
    const late = new Date(Date.now() - 61_000);
    await utimes(join(home.engines, 'engine-0001.json'), late, late);
    assert.equal(await isEngineAlive(home, endpoint.engineId), false);
    file.dispose();
  });

  it('shows life every ten seconds, also after its file was cleaned away', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const file = await EngineFile.create(home, endpoint);
      const path = join(home.engines, 'engine-0001.json');
      const late = new Date(Date.now() - 61_000);
      const disturbances = [() => utimes(path, late, late), () => rm(path)];
      for (const disturb of disturbances) {
        await disturb();
        assert.equal(await isEngineAlive(home, endpoint.engineId), false);
        mock.timers.tick(10_000);
        while (!(await isEngineAlive(home, endpoint.engineId))) {
          // the heartbeat is on its way to the disk
        }
      }
      file.dispose();
    } finally {
      mock.timers.reset();
    }
  });

  it('says when it cannot be written', async () => {
    await rm(home.engines, { recursive: true });
    await assert.rejects(EngineFile.create(home, endpoint), { code: 'INTERNAL_ERROR' });
    assert.deepStrictEqual(await listEngines(home), []);
  });

  it('ignores files that are not an engine', async () => {
    await writeFile(join(home.engines, 'engine-0002.json'), '{"engine_id":"engine-0002"}');
    await writeFile(join(home.engines, 'engine-0003.json'), '{"engine_id":');
    await writeFile(join(home.engines, 'x.json'), '{}');
    await writeFile(join(home.engines, 'notes.txt'), '');
    assert.deepStrictEqual(await listEngines(home), []);
  });

  it('never builds a path from an id that is none', async () => {
    assert.equal(await isEngineAlive(home, '../sessions/engine'), false);
    await assert.rejects(EngineFile.create(home, { ...endpoint, engineId: '../engine-1' }), {
      code: 'INVALID_INPUT',
    });
  });
});
