// Sessions on Daytona through the engine: what is lost there is made anew from the record, and what cannot be
// reached is an error that changes nothing.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { parseBackendSettings } from '../../../src/core/backendSettings';
import type { Engine } from '../../../src/core/engine';
import { createEngine } from '../../../src/runtime';
import { describePython } from '../../support/backends';
import { FakeDaytona } from '../../support/fakeDaytona/fakeDaytona';
import { callError, callOk, connectClient } from '../../support/mcpClient';
import { sandboxFolder } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Json = Record<string, unknown>;

describePython(
  'a session on Daytona',
  function () {
    this.timeout(60_000);
    const home = useTempFolder();
    let fake: FakeDaytona;
    let engine: Engine;
    let client: Client;
    const log: string[] = [];
    before(async () => (fake = await FakeDaytona.start()));
    after(() => fake.stop());
    beforeEach(async () => {
      engine = await createEngine({
        home: home(),
        roots: [home()],
        baseFolder: home(),
        log: (line) => log.push(line),
        sandboxFolder,
        backends: async () =>
          parseBackendSettings(
            {},
            { backend: 'daytona', daytonaApiUrl: fake.apiUrl, daytonaApiKey: fake.key },
          ),
      });
      client = await connectClient(engine);
    });
    afterEach(async () => {
      await client.close();
      await engine.close();
      await fake.until(() => fake.sandboxes.size === 0);
    });
    const open = async (): Promise<unknown> => {
      const opened = await callOk(client, 'rlm_init_context', { context_text: 'a text' });
      return opened['session_id'];
    };
    const run = (id: unknown, code: string): Promise<Json> =>
      callOk(client, 'rlm_run_repl', { session_id: id, code });
    /** The engine knows of the loss once it has let go of what it had there. */
    const lose = async (how: 'stopped' | 'deleted'): Promise<void> => {
      const lost = [...fake.sandboxes.values()];
      for (const sandbox of lost) {
        if (how === 'stopped') {
          fake.stopSandbox(sandbox);
        } else {
          fake.deleteSandbox(sandbox);
        }
      }
      const isAskedFor = (): boolean =>
        lost.every(({ id }) =>
          fake.calls.some(({ method, path: asked }) => method === 'GET' && asked.endsWith(id)),
        );
      await fake.until(isAskedFor);
    };

    for (const how of ['stopped', 'deleted'] as const) {
      it(`whose sandbox was ${how} goes on in another one, with the steps run again`, async () => {
        const id = await open();
        await run(id, 'made = [len(context)]\nopen("note.txt", "a").write("once"); None');
        await lose(how);
        let reply: Json | null = null;
        while (reply === null) {
          const asked = await client.callTool({
            name: 'rlm_run_repl',
            arguments: { session_id: id, code: '(made, open("note.txt").read())' },
          });
          reply = asked.isError === true ? null : (asked.structuredContent as Json); // by the tool's schema
        }
        assert.equal(reply['result'], "([6], 'once')");
        assert.equal((reply['replay'] as Json | undefined)?.['difference_count'] ?? 0, 0);
      });
    }

    it('that cannot be reached is kept, and goes on when it can', async () => {
      const id = await open();
      await run(id, 'made = 1');
      await lose('deleted');
      fake.isDown = true;
      const error = await callError(client, 'rlm_run_repl', { session_id: id, code: 'made' });
      assert.ok(['BACKEND_UNAVAILABLE', 'SANDBOX_EXEC_ERROR'].includes(error.code), error.code);
      const second = await callError(client, 'rlm_run_repl', { session_id: id, code: 'made' });
      assert.equal(second.code, 'BACKEND_UNAVAILABLE');
      assert.match(second.next_step, /the session and its record are kept/u);
      fake.isDown = false;
      assert.equal((await run(id, 'made + 1'))['result'], '2');
    });

    it('tells of its slow start, and leaves nothing behind when that is cancelled', async () => {
      fake.slowStartPolls = 4;
      const heard: { progress: number; message?: string | undefined }[] = [];
      const open = { name: 'rlm_init_context', arguments: { context_text: 'a text' } };
      await client.callTool(open, undefined, { onprogress: (one) => heard.push(one) });
      fake.slowStartPolls = 0;
      const messages = heard.map(({ message }) => message ?? '');
      assert.deepStrictEqual(messages.slice(0, 3), [
        'a sandbox is made at Daytona',
        'Daytona’s sandbox is creating',
        'Daytona’s sandbox is starting',
      ]);
      assert.ok(messages.includes('Python starts in Daytona’s sandbox'), messages.join());
      const counts = heard.map(({ progress }) => progress);
      assert.ok(counts.every((one, index) => index === 0 || one > (counts[index - 1] ?? 0)));
      fake.slowStartPolls = 1_000;
      const cancel = new AbortController();
      const cancelled = client.callTool(open, undefined, { signal: cancel.signal });
      await fake.until(() => fake.sandboxes.size === 2);
      cancel.abort();
      await assert.rejects(cancelled);
      fake.slowStartPolls = 0;
      fake.sandboxes.forEach((sandbox) => (sandbox.pollsLeft = 0));
      await fake.until(() => fake.sandboxes.size === 1);
      const listed = await callOk(client, 'rlm_list_sessions');
      assert.equal((listed['sessions'] as unknown[]).length, 1); // by the output schema
    });

    it('has its key in no file of the home, and in no line of the log', async () => {
      const id = await open();
      await run(id, 'import os\ndict(os.environ)');
      await callOk(client, 'rlm_status');
      const files = await readdir(home(), { recursive: true, withFileTypes: true });
      assert.ok(files.some((file) => file.isFile()));
      for (const file of files.filter((one) => one.isFile())) {
        const text = await readFile(path.join(file.parentPath, file.name), 'latin1');
        assert.ok(!text.includes(fake.key), file.name);
      }
      assert.ok(!log.join('\n').includes(fake.key));
      const labelled = [...fake.sandboxes.values()][0]?.wish.labels['rlm-companion.session'];
      assert.equal(labelled, id);
    });
  },
  ['daytona'],
);
