import assert from 'node:assert/strict';
import { parseBackendSettings } from '../../../src/core/backendSettings';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Engine } from '../../../src/core/engine';
import { EngineHost, type Runtime } from '../../../src/extension/engineHost';
import { parseModelSettings } from '../../../src/models/modelSettings';
import { createFakeEngine } from '../../support/fakeEngine';
import { useTempFolder } from '../../support/tempFolder';

describe('EngineHost', () => {
  const folder = useTempFolder();
  const token = 'x'.repeat(43);

  function createHost(mayRun: () => boolean = () => true) {
    const calls: string[] = [];
    const engine: Engine = createFakeEngine();
    const runtime: Runtime = {
      createEngine: async () => {
        calls.push('start');
        return engine;
      },
      serveHttp: async (_engine, { offersSet }) => {
        calls.push(
          ['listen', ...['traces', 'branches', 'runs', 'sandbox'].filter(offersSet)].join(' '),
        );
        const tokenFile = path.join(folder(), 'engine.json');
        await writeFile(tokenFile, JSON.stringify({ token }));
        const dispose = async (): Promise<void> => void calls.push('stop listening');
        return { url: 'http://127.0.0.1:1/mcp', tokenFile, dispose };
      },
    };
    const options = {
      home: null,
      roots: [],
      readDownloadFolder: () => null,
      baseFolder: '/',
      log: () => undefined,
      models: async () => parseModelSettings({}),
      backends: async () => parseBackendSettings({}),
      agents: {},
      extraProviders: [],
    };
    const host = new EngineHost({
      loadRuntime: async () => {
        calls.push('load');
        return runtime;
      },
      readOptions: () => options,
      mayRun,
      offersSet: (set) => set !== 'traces',
    });
    return { host, calls, engine };
  }

  it('loads nothing until something needs the engine, then starts it once', async () => {
    const { host, calls } = createHost();
    assert.deepStrictEqual(calls, []);
    await Promise.all([host.start(), host.start()]);
    assert.deepStrictEqual(calls, ['load', 'start']);
  });

  it('listens once, with the token of the endpoint file', async () => {
    const { host, calls } = createHost();
    assert.equal(await host.readUrl(), null);
    const [first, second] = await Promise.all([host.listen(), host.listen()]);
    assert.deepStrictEqual(first, { url: 'http://127.0.0.1:1/mcp', token });
    assert.deepStrictEqual([second, await host.readUrl()], [first, first.url]);
    assert.equal(calls.filter((call) => call === 'listen branches runs sandbox').length, 1);
  });

  it('starts nothing in an untrusted workspace, and starts once it is trusted', async () => {
    let isTrusted = false;
    const { host, calls } = createHost(() => isTrusted);
    await assert.rejects(host.listen(), { code: 'BACKEND_UNAVAILABLE' });
    assert.deepStrictEqual(calls, []);
    isTrusted = true;
    await host.start();
    assert.deepStrictEqual(calls, ['load', 'start']);
  });

  it('ends the listener before the engine, tells of it, and starts no more', async () => {
    const { host, calls, engine } = createHost();
    const told: (Engine | undefined)[] = [];
    host.onDidChange((changed) => told.push(changed));
    await host.listen();
    await Promise.all([host.close(), host.close()]);
    assert.equal(calls.at(-1), 'stop listening');
    assert.deepStrictEqual(told, [engine, undefined]);
    await assert.rejects(host.start(), { code: 'BACKEND_UNAVAILABLE' });
  });
});
