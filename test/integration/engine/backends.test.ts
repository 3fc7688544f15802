// A session's backend on every way that names it: opened, recorded, run again, forked elsewhere, refused, and
// fallen back from.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { GivenBackendSettings } from '../../../src/core/backendSettings';
import type { BackendName } from '../../../src/core/sandbox';
import { type Environment, startWithBackends } from '../../support/backendEngine';
import { describePython, placeBackends, testImage } from '../../support/backends';
import { callError, callOk, callTool } from '../../support/mcpClient';
import { usualSnapshot } from '../../support/fakeDaytona/fakeDaytona';
import { podImage } from '../../support/fakeKubernetes/fakeCluster';
import { useFakeCluster, useFakeDaytona } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Json = Record<string, unknown>;

const images: Readonly<Record<BackendName, string | null>> = {
  wasm: null,
  local: null,
  container: testImage,
  daytona: usualSnapshot,
  kubernetes: podImage,
};

/** With which a backend cannot be had. */
const missingSettings: Readonly<Record<BackendName, GivenBackendSettings>> = {
  wasm: {},
  local: { python: '/no/such/python' },
  container: { image: 'localhost/no-such:1' },
  daytona: { daytonaApiKey: '' },
  kubernetes: {},
};
/** The same, where no setting but the environment says it. */
const missingEnvironment: Environment = { KUBECONFIG: '/no/such/file' };

describePython(
  'a session',
  function (backend) {
    this.timeout(60_000);
    const home = useTempFolder();
    const image = backend === 'container' ? { image: testImage } : {};
    let access: GivenBackendSettings = {};
    let environment: Environment = {};
    before(async () => {
      const fake = backend === 'daytona' ? await useFakeDaytona() : null;
      access = fake ? { daytonaApiUrl: fake.apiUrl, daytonaApiKey: fake.key } : {};
      if (backend === 'kubernetes') {
        const { kubeconfig } = await useFakeCluster();
        environment = { KUBECONFIG: kubeconfig, RLM_KUBERNETES_IMAGE: podImage };
      }
    });

    const use = async (
      given: GivenBackendSettings,
      work: (client: Client) => Promise<void>,
      more: Environment = {},
    ): Promise<void> => {
      const all = { ...environment, ...more };
      const [client, engine] = await startWithBackends(home(), { ...access, ...given }, all);
      try {
        await work(client);
      } finally {
        await client.close();
        await engine.close();
      }
    };
    const open = (client: Client, args: Json = {}): Promise<Json> =>
      callOk(client, 'rlm_init_context', { context_text: 'a text', backend, ...image, ...args });
    const run = (client: Client, id: unknown, code: string): Promise<Json> =>
      callOk(client, 'rlm_run_repl', { session_id: id, code });

    it('says where it runs in its reply, its trace, the list and the status', async () => {
      await use(image, async (client) => {
        const opened = await open(client);
        const place = opened['sandbox'] as Json; // by the tool's schema
        assert.deepStrictEqual(
          [place['backend'], place['fallback'], place['image']],
          [backend, null, images[backend]],
        );
        assert.match(String(place['engine']), /^CPython 3\.\d+\.\d+ on linux$/u);
        const { events } = await callOk(client, 'rlm_get_trace', {
          session_id: opened['session_id'],
        });
        const [first] = events as Json[]; // by the tool's schema
        assert.ok(JSON.stringify(first).includes(backend), JSON.stringify(first));
        const { sessions } = await callOk(client, 'rlm_list_sessions');
        assert.equal((sessions as Json[])[0]?.['backend'], backend);
        const status = (await callOk(client, 'rlm_status'))['sandbox'] as Json;
        const row = (status['backends'] as Json[]).find((one) => one['backend'] === backend);
        assert.deepStrictEqual([row?.['works'], row?.['live']], [true, 1]);
        const { text } = await callTool(client, 'rlm_init_context', {
          context_text: 'a',
          backend,
          ...image,
          response_format: 'markdown',
        });
        assert.ok(text.includes(`**Runs in** \`${backend}\``), text);
      });
    });

    it('goes on where it ran, whatever the user has set since', async () => {
      let id: unknown;
      await use({}, async (client) => {
        id = (await open(client))['session_id'];
        await run(
          client,
          id,
          'import os, sys\nx = {"a": [1, 2]}\ny = {3, 1, 2}\nhere = sys.platform',
        );
      });
      await use({ backend: 'wasm' }, async (client) => {
        const reply = await run(client, id, '(x, y, here)');
        assert.equal(reply['result'], "({'a': [1, 2]}, {1, 2, 3}, 'linux')");
        const { replay } = reply as { replay?: Json };
        assert.equal(replay?.['difference_count'] ?? 0, 0, JSON.stringify(replay));
      });
    });

    it('is the default where the user has set so, also for what its code asks for', async () => {
      await use({ backend, ...image }, async (client) => {
        const opened = await callOk(client, 'rlm_init_context', { context_text: 'a text' });
        assert.equal((opened['sandbox'] as Json)['backend'], backend);
      });
    });

    it('is forked where it ran, and elsewhere only when told, with what differs there', async () => {
      await use({}, async (client) => {
        const id = (await open(client))['session_id'];
        await run(client, id, 'import sys\nx = list(range(1_000))\nhere = sys.platform');
        const same = await callOk(client, 'rlm_fork', { session_id: id });
        assert.equal((same['sandbox'] as Json)['backend'], backend);
        assert.equal((same['replay'] as Json)['difference_count'], 0);
        const other = await callOk(client, 'rlm_fork', { session_id: id, backend: 'wasm' });
        assert.equal((other['sandbox'] as Json)['backend'], 'wasm');
        const { differences } = other['replay'] as { differences: Json[] };
        assert.deepStrictEqual(
          differences.map(({ step, field }) => [step, field]),
          [
            [0, 'backend'],
            [1, 'variable here'],
          ],
        );
        const back = await callOk(client, 'rlm_fork', {
          session_id: other['session_id'],
          backend,
          ...image,
        });
        assert.equal((back['sandbox'] as Json)['backend'], backend);
      });
    });

    it('that cannot be had is an error with what to do, and opens nothing', async () => {
      const missing = missingSettings[backend];
      await use(
        missing,
        async (client) => {
          const args = { context_text: 'a text', backend };
          const { code } = await callError(client, 'rlm_init_context', args);
          assert.equal(code, 'BACKEND_UNAVAILABLE');
          const javascript = await callError(client, 'rlm_init_context', {
            ...args,
            language: 'javascript',
          });
          assert.deepStrictEqual(
            [javascript.code, javascript.next_step.length > 0],
            ['BACKEND_UNAVAILABLE', true],
          );
          assert.deepStrictEqual((await callOk(client, 'rlm_list_sessions'))['sessions'], []);
          const status = (await callOk(client, 'rlm_status'))['sandbox'] as Json;
          const row = (status['backends'] as Json[]).find((one) => one['backend'] === backend);
          assert.equal(row?.['works'], false);
          assert.ok(String(row['next_step']).length > 0);
        },
        missingEnvironment,
      );
    });

    it('falls back only where the user has set so, says it everywhere, and stays there', async () => {
      const missing: GivenBackendSettings = {
        fallback: 'wasm',
        ...missingSettings[backend],
      };
      await use(
        missing,
        async (client) => {
          const { text, payload } = await callTool(client, 'rlm_init_context', {
            context_text: 'a text',
            backend,
            response_format: 'markdown',
          });
          const place = payload['sandbox'] as Json;
          const fallback = place['fallback'] as Json;
          assert.deepStrictEqual([place['backend'], fallback['from']], ['wasm', backend]);
          assert.match(text, /was asked for and could not be had/u);
          const events = await callOk(client, 'rlm_get_trace', {
            session_id: payload['session_id'],
            detail: 'full',
          });
          assert.match(JSON.stringify(events), /wasm instead of/u);
          assert.match(JSON.stringify(events), /"fallback":\{"from"/u);
          const forked = await callOk(client, 'rlm_fork', { session_id: payload['session_id'] });
          assert.deepStrictEqual(
            [
              (forked['sandbox'] as Json)['backend'],
              (forked['replay'] as Json)['difference_count'],
            ],
            ['wasm', 0],
          );
          const refused = await callError(client, 'rlm_fork', {
            session_id: payload['session_id'],
            backend,
          });
          assert.equal(refused.code, 'BACKEND_UNAVAILABLE');
        },
        missingEnvironment,
      );
    });
  },
  placeBackends,
);

describe('backends that are named wrongly', () => {
  const home = useTempFolder();

  it('are refused, by the caller and by the user’s settings', async () => {
    const [client, engine] = await startWithBackends(home(), { backend: 'docker' });
    try {
      const args = { context_text: 'a text' };
      const byUser = await callError(client, 'rlm_init_context', args);
      assert.deepStrictEqual(
        [byUser.code, byUser.message],
        ['INVALID_INPUT', 'the setting rlm.backend is "docker".'],
      );
      const byCaller = await callError(client, 'rlm_init_context', { ...args, backend: 'docker' });
      assert.equal(byCaller.code, 'INVALID_INPUT');
      const status = (await callOk(client, 'rlm_status'))['sandbox'] as Json;
      const works = (status['backends'] as Json[]).map((one) => [one['backend'], one['works']]);
      assert.ok(works.some(([name, isWorking]) => name === 'wasm' && isWorking === true));
      assert.ok(works.every(([name, isWorking]) => name === 'wasm' || isWorking === false));
    } finally {
      await client.close();
      await engine.close();
    }
  });

  it('have no image but a container’s', async () => {
    const [client, engine] = await startWithBackends(home(), {});
    try {
      const args = { context_text: 'a text', image: 'python:3' };
      assert.equal((await callError(client, 'rlm_init_context', args)).code, 'INVALID_INPUT');
      for (const image of ['--privileged', '-v/:/host', 'a b', 'a;b', '$(x)']) {
        const named = { context_text: 'a', backend: 'container', image };
        const { code } = await callError(client, 'rlm_init_context', named);
        assert.equal(code, 'INVALID_INPUT', image);
      }
    } finally {
      await client.close();
      await engine.close();
    }
  });
});
