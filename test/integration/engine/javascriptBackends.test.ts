// A session in JavaScript on Node: opened, recorded, run again, forked elsewhere, refused, and fallen back from.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { GivenBackendSettings } from '../../../src/core/backendSettings';
import { type Environment, startWithBackends } from '../../support/backendEngine';
import { describeJavascript, nodeImage, placeBackends, testImage } from '../../support/backends';
import { podImage } from '../../support/fakeKubernetes/fakeCluster';
import { callError, callOk, callTool } from '../../support/mcpClient';
import { useFakeCluster, useFakeDaytona } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Json = Record<string, unknown>;

describeJavascript(
  'a session in JavaScript',
  function (backend) {
    this.timeout(60_000);
    const home = useTempFolder();
    let access: GivenBackendSettings = {};
    let environment: Environment = {};
    before(async () => {
      const fake = backend === 'daytona' ? await useFakeDaytona() : null;
      access = fake ? { daytonaApiUrl: fake.apiUrl, daytonaApiKey: fake.key } : {};
      if (backend === 'container') {
        access = { image: nodeImage };
      }
      if (backend === 'kubernetes') {
        const { kubeconfig } = await useFakeCluster();
        environment = { KUBECONFIG: kubeconfig, RLM_KUBERNETES_IMAGE: podImage };
      }
    });

    const use = async (
      given: GivenBackendSettings,
      work: (client: Client) => Promise<void>,
    ): Promise<void> => {
      const [client, engine] = await startWithBackends(
        home(),
        { ...access, ...given },
        environment,
      );
      try {
        await work(client);
      } finally {
        await client.close();
        await engine.close();
      }
    };
    const args = { context_text: 'a text', backend, language: 'javascript' };
    const open = (client: Client): Promise<Json> => callOk(client, 'rlm_init_context', args);
    const run = (client: Client, id: unknown, code: string): Promise<Json> =>
      callOk(client, 'rlm_run_repl', { session_id: id, code });

    it('goes on where it ran, with what its code was answered, and is forked there and elsewhere', async () => {
      let id: unknown;
      await use({}, async (client) => {
        const opened = await open(client);
        id = opened['session_id'];
        assert.match(String((opened['sandbox'] as Json)['engine']), /^Node\.js \d+\./u);
        const status = (await callOk(client, 'rlm_status'))['sandbox'] as Json;
        const row = (status['backends'] as Json[]).find(
          (one) => one['backend'] === backend && one['language'] === 'javascript',
        );
        assert.deepStrictEqual([row?.['works'], row?.['live']], [true, 1]);
        await run(
          client,
          id,
          'var x = { a: [1, new Map([[2, 3]])] }; const c = class { #p = 1; q = [2] }; let o = new c()',
        );
        await run(
          client,
          id,
          'await new Promise((go) => setTimeout(go, 1)); let here = typeof process; x.a.push(4)',
        );
      });
      await use({ backend: 'wasm' }, async (client) => {
        const reply = await run(client, id, '[x, o, here]');
        assert.equal(
          reply['result'],
          "[ { a: [ 1, Map(1) { 2 => 3 }, 4 ] }, c { q: [ 2 ] }, 'object' ]",
        );
        const { replay } = reply as { replay?: Json };
        assert.equal(replay?.['difference_count'] ?? 0, 0, JSON.stringify(replay));
        const same = await callOk(client, 'rlm_fork', { session_id: id });
        assert.equal((same['replay'] as Json)['difference_count'], 0, JSON.stringify(same));
        const other = await callOk(client, 'rlm_fork', { session_id: id, backend: 'wasm' });
        assert.equal((other['sandbox'] as Json)['backend'], 'wasm');
        const { differences } = other['replay'] as { differences: Json[] };
        const told = differences.map(({ step, field }) => `${String(step)} ${String(field)}`);
        assert.ok(told.includes('0 backend'), told.join());
        assert.ok(
          told.some((one) => one.startsWith('2 ')),
          told.join(),
        );
      });
    });

    if (backend === 'local' || backend === 'container') {
      const missing: GivenBackendSettings =
        backend === 'local' ? { node: '/no/such/node' } : { image: testImage };

      it('is an error with the command to run where there is no Node, and Python goes on', async () => {
        await use(missing, async (client) => {
          const refused = await callError(client, 'rlm_init_context', args);
          assert.equal(refused.code, 'BACKEND_UNAVAILABLE');
          assert.match(
            refused.next_step,
            backend === 'local' ? /apt install nodejs/u : /node --version/u,
          );
          assert.deepStrictEqual((await callOk(client, 'rlm_list_sessions'))['sessions'], []);
          const status = (await callOk(client, 'rlm_status'))['sandbox'] as Json;
          const works = (status['backends'] as Json[])
            .filter((one) => one['backend'] === backend)
            .map((one) => [one['language'], one['works'], one['next_step'] === null]);
          assert.deepStrictEqual(works, [
            ['python', true, true],
            ['javascript', false, false],
          ]);
          await callOk(client, 'rlm_init_context', { ...args, language: 'python' });
        });
      });

      it('falls back where the user has set so, and says it', async () => {
        await use({ ...missing, fallback: 'wasm' }, async (client) => {
          const { text, payload } = await callTool(client, 'rlm_init_context', {
            ...args,
            response_format: 'markdown',
          });
          const place = payload['sandbox'] as Json;
          assert.deepStrictEqual(
            [place['backend'], (place['fallback'] as Json)['from']],
            ['wasm', backend],
          );
          assert.match(text, /was asked for and could not be had/u);
          const events = await callOk(client, 'rlm_get_trace', {
            session_id: payload['session_id'],
            detail: 'full',
          });
          assert.match(JSON.stringify(events), /wasm instead of/u);
        });
      });
    }
  },
  placeBackends,
);
