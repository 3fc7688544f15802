// A server that is told to end while it is used: over each transport a step runs, another waits for a model, and a
// stream is open. All are answered, clients of the pipe live on, and the server ends by itself.

import assert from 'node:assert/strict';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { type RunningServer, joinStdio, startServer } from '../../support/engineProcess';
import { type FakeModelServer, startFakeModelServer } from '../../support/fakeModelServer';
import { assertEnded, callOk, callTool, createClient, openSession } from '../../support/mcpClient';
import { type TeamServerProcess, addUsers, startTeamServer } from '../../support/teamServer';
import { useTempFolder } from '../../support/tempFolder';

/** With a step that never ends, one that waits for a model, and the answers of both to come. */
interface Busy {
  readonly client: Client;
  readonly answers: readonly Promise<Awaited<ReturnType<typeof callTool>>>[];
}

describe('a server that is told to end while it is used', function () {
  this.timeout(90_000);
  const folder = useTempFolder();
  let models: FakeModelServer;
  let env: Record<string, string>;
  let team: TeamServerProcess;
  let own: RunningServer;
  const clients: Client[] = [];

  before(async () => {
    models = await startFakeModelServer();
    env = {
      RLM_SUBTASK_MODEL: 'openai/small',
      OPENAI_BASE_URL: `${models.url}/v1`,
      OPENAI_API_KEY: '',
    };
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    team?.child.kill('SIGKILL');
    await own?.end('SIGKILL');
  });
  after(() => models.close());

  const occupy = async (client: Client): Promise<Busy> => {
    clients.push(client);
    const [endless, waiting] = [await openSession(client), await openSession(client)];
    models.replies.push({ kind: 'stalled', pieces: [] });
    const asked = models.received.length;
    const answers = [
      callTool(client, 'rlm_run_repl', { session_id: endless, code: 'for (;;);' }),
      callTool(client, 'rlm_run_repl', { session_id: waiting, code: `llm_query('?')` }),
    ];
    while (models.received.length === asked) {
      await callOk(client, 'rlm_status'); // each look takes a moment
    }
    let actions: readonly string[] = [];
    while (!actions.includes('run_repl')) {
      const trace = await callOk(client, 'rlm_get_trace', { session_id: endless });
      actions = (trace['events'] as { action: string }[]).map(({ action }) => action); // the schema
    }
    return { client, answers };
  };
  const assertAnswered = async ({ answers }: Busy): Promise<void> => {
    await Promise.all(answers.map((answer) => assertEnded(answer)));
  };

  it('of many users answers clients of streamable HTTP and of SSE, closes their streams, and ends', async () => {
    const tokens = await addUsers(folder(), { alice: {}, bob: {} });
    team = await startTeamServer({ folder: folder(), args: ['--transport', 'sse'], env });
    const headers = { Authorization: `Bearer ${tokens.bob}` };
    const sse = new SSEClientTransport(new URL('/sse', team.url), { requestInit: { headers } });
    const older = createClient();
    await older.connect(sse);
    await older.listTools();
    const closed = new Promise<void>((resolve) => (sse.onclose = resolve));
    sse.onerror = () => void sse.close(); // its stream is gone: it would be opened again and again
    const busy = await Promise.all([occupy(await team.connect(tokens.alice)), occupy(older)]);
    team.child.kill('SIGTERM');
    await Promise.all([...busy.map(assertAnswered), closed]);
    assert.deepStrictEqual((await team.ended).exitCode, 0);
  });

  it('of one user answers a client of the pipe, which goes on with an engine of its own', async () => {
    const home = path.join(folder(), 'own');
    const folders = { home, root: folder() };
    own = await startServer(folders, { ...process.env, ...env });
    const busy = await occupy(await joinStdio(folders));
    const { pid } = await callOk(busy.client, 'rlm_status');
    assert.deepStrictEqual(pid, own.child.pid);
    const ended = new Promise<number | null>((resolve) => own.child.once('exit', resolve));
    own.child.kill('SIGTERM');
    await assertAnswered(busy);
    assert.deepStrictEqual(await ended, 0);
    assert.notDeepStrictEqual((await callOk(busy.client, 'rlm_status'))['pid'], pid);
  });
});
