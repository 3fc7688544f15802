// `backup` of a home that a server works in, and `restore` of it into another: what was answered is there, and goes on.

import assert from 'node:assert/strict';
import path from 'node:path';
import { callOk, connectHttpClient, openSession } from '../../support/mcpClient';
import { readEndpoint, startEngine, startServer } from '../../support/engineProcess';
import { useTempFolder } from '../../support/tempFolder';
import { start } from './program';

describe('backup and restore', function () {
  this.timeout(120_000);
  const folder = useTempFolder();

  it('keep live sessions up to their last answered step, and these can be gone on with', async () => {
    const home = path.join(folder(), 'home');
    const server = await startServer({ home, root: folder() });
    const client = await connectHttpClient(await readEndpoint(server.tokenFile));
    const id = await openSession(client, { context_text: 'a text to keep' });
    await callOk(client, 'rlm_run_repl', { session_id: id, code: 'var kept = context.length' });
    const ended = await openSession(client);
    await callOk(client, 'rlm_finalize', { session_id: ended, final_text: 'the answer' });
    const file = path.join(folder(), 'backup.tar.gz');
    const options = { home, cwd: folder() };
    // While more is written: the archive holds each trace up to some point between.
    const work = callOk(client, 'rlm_run_repl', { session_id: id, code: 'kept + 1' });
    const saved = await start(['backup', file], options).ended;
    assert.deepStrictEqual([saved.exitCode, saved.errors], [0, '']);
    assert.ok(saved.output.includes(file));
    await work;
    const again = await start(['backup', file], options).ended;
    assert.notDeepStrictEqual(again.exitCode, 0);
    const busy = await start(['restore', file], options).ended;
    assert.notDeepStrictEqual(busy.exitCode, 0);
    await client.close();
    await server.end('SIGKILL');

    const other = path.join(folder(), 'other');
    const restored = await start(['restore', file], { home: other, cwd: folder() }).ended;
    assert.deepStrictEqual([restored.exitCode, restored.errors], [0, '']);
    const engine = await startEngine('stdio', { home: other, root: folder() });
    const listed = await callOk(engine.client, 'rlm_list_sessions');
    const sessions = listed['sessions'] as { session_id: string; status: string }[]; // the schema
    assert.deepStrictEqual(
      sessions.map((one) => [one.session_id, one.status]),
      [
        [ended, 'finalized'],
        [id, 'interrupted'],
      ],
    );
    const step = await callOk(engine.client, 'rlm_run_repl', { session_id: id, code: 'kept' });
    assert.deepStrictEqual(step['result'], '14');
    await engine.stop();
  });
});
