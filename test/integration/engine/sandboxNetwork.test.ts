// Who decides about the network of a session's code: its user, and no agent. What code connected to is in the reply and
// the trace, and a replay says that it cannot be repeated.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { parseBackendSettings } from '../../../src/core/backendSettings';
import { createEngine } from '../../../src/runtime';
import { describePython } from '../../support/backends';
import { callOk, callTool, connectClient } from '../../support/mcpClient';
import { sandboxFolder } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Json = Record<string, unknown>;

const host = '127.0.0.2';

describePython(
  'the network that the user allows',
  function (backend) {
    this.timeout(60_000);
    const home = useTempFolder();
    let web: Server;
    let port: number;
    before(async () => {
      web = createServer((_request, response) => response.end('hello')).listen(0, host);
      await once(web, 'listening');
      const address = web.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    });
    after(async () => {
      web.closeAllConnections();
      web.close();
      await once(web, 'close');
    });

    const use = async (network: string, work: (client: Client) => Promise<void>): Promise<void> => {
      const engine = await createEngine({
        ...{ home: home(), roots: [home()], baseFolder: home(), sandboxFolder },
        log: () => undefined,
        backends: async () => parseBackendSettings({}, { network, backend }),
      });
      const client = await connectClient(engine);
      try {
        await work(client);
      } finally {
        await client.close();
        await engine.close();
      }
    };
    const readWall = (opened: Json): unknown =>
      ((opened['sandbox'] as Json)['walls'] as string[]).find((wall) => wall.startsWith('network'));
    const ask = (): string =>
      `import urllib.request\ntry: said = urllib.request.urlopen("http://${host}:${port}/").read()\nexcept OSError as error: said = "none"\nsaid`;

    const wishes: Readonly<Record<string, Json>> = {
      'an argument': { network: ['*'] },
      'another argument': { sandbox_network: host },
      'its guardrails': { config: { network: host } },
      'the sandbox': { sandbox: { network: host } },
    };
    for (const [what, wish] of Object.entries(wishes)) {
      it(`is not widened by an agent, by ${what}`, async () => {
        await use('none', async (client) => {
          const args = { context_text: 'a', ...wish };
          const { isError, payload } = await callTool(client, 'rlm_init_context', args);
          if (isError) {
            return; // it is told that there is no such argument
          }
          assert.equal(readWall(payload), 'network: none');
          const { result } = await callOk(client, 'rlm_run_repl', {
            session_id: payload['session_id'],
            code: ask(),
          });
          assert.equal(result, "'none'");
        });
      });
    }

    it('is not widened by code that sets variables of its environment', async () => {
      await use('none', async (client) => {
        const { session_id: id } = await callOk(client, 'rlm_init_context', { context_text: 'a' });
        const code = `import os\nos.environ["RLM_SANDBOX_NETWORK"] = "${host}"\nos.environ["http_proxy"] = "http://127.0.0.1:3128"\n${ask()}`;
        const { result } = await callOk(client, 'rlm_run_repl', { session_id: id, code });
        assert.equal(result, "'none'");
      });
    });

    it('is in the reply and the trace, and in what a replay says', async () => {
      let id: unknown;
      await use(`${host}:${port}`, async (client) => {
        const opened = await callOk(client, 'rlm_init_context', { context_text: 'a text' });
        id = opened['session_id'];
        assert.equal(readWall(opened), `network: ${host}:${port}`);
        const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: ask() });
        const shown = `${host}:${port} (1 connection, 0 bytes sent, 5 received)`;
        assert.deepStrictEqual([step['result'], step['network']], ["b'hello'", shown]);
        const trace = await callTool(client, 'rlm_get_trace', { session_id: id });
        assert.ok(trace.text.includes(shown), trace.text);
        const fork = await callOk(client, 'rlm_fork', { session_id: id });
        assert.match(JSON.stringify(fork['replay']), /not repeatable: it connected again/u);
      });
      await use('none', async (client) => {
        const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'said' });
        const told = JSON.stringify(step['replay']);
        assert.match(told, /not repeatable: it connected to nothing this time/u);
        assert.match(told, /network: none/u);
      });
    });
  },
  ['local'],
);
