// The real Dockerfile, built and run by podman on a base made of this machine's own programs: no registry is asked.

import assert from 'node:assert/strict';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { revokeTokens } from '../../src/team/userFile';
import { callOk, connectHttpClient, openSession } from '../support/mcpClient';
import {
  buildServerImage,
  hasPodman,
  podman,
  removeServerImage,
  serverWalls,
} from '../support/serverImage';
import { addUsers } from '../support/teamServer';
import { useTempFolder } from '../support/tempFolder';

describe('the image of the server', function () {
  this.timeout(300_000);
  const folder = useTempFolder();
  const containers: string[] = [];

  before(function () {
    if (!hasPodman()) {
      if (process.env['CI']) {
        throw new Error(
          'The image cannot be tested: there is no podman. See .ci/installBackends.mjs.',
        );
      }
      this.skip();
    }
  });

  afterEach(async () => {
    for (const name of containers.splice(0)) {
      await podman('rm', '-f', '-v', name).catch(() => undefined);
    }
  });

  after(async () => {
    if (hasPodman()) {
      await removeServerImage();
    }
  });

  it('is built, gets healthy, serves its users as nobody, and ends in order', async () => {
    const image = await buildServerImage(folder());
    const users = path.join(folder(), 'users');
    await mkdir(users);
    await chmod(users, 0o755);
    const { alice } = await addUsers(users, { alice: {} });
    const usersFile = path.join(users, 'users.json');
    await chmod(usersFile, 0o644);
    const name = `rlm-test-${process.pid}`;
    containers.push(name);
    const mounts = ['-v', `${users}:/etc/rlm:ro`];
    const settings = ['-e', 'RLM_PLAIN_HTTP=1', '-e', 'RLM_ALLOW_HOST=127.0.0.1'];
    const secret = ['-e', 'OPENAI_API_KEY=sk-planted-7781'];
    const place = ['--name', name, '-p', '127.0.0.1::8080'];
    await podman('run', '-d', ...place, ...serverWalls, ...mounts, ...settings, ...secret, image);
    const address = (await podman('port', name, '8080')).split('\n')[0] ?? '';
    const url = `http://${address}/mcp`;
    const probe = (): Promise<boolean> =>
      podman('exec', name, 'node', '/app/probe.mjs').then(
        () => true,
        () => false,
      );
    while (!(await probe())) {
      const state = await podman('inspect', name, '--format', '{{.State.Status}}');
      assert.deepStrictEqual(state, 'running', await podman('logs', name));
    }
    const ready = await fetch(new URL('/readyz', url));
    assert.deepStrictEqual([ready.status, await ready.json()], [200, { status: 'ok' }]);
    assert.match(await podman('exec', name, 'cat', '/proc/1/status'), /^Uid:\s+65532/mu);
    const written = await podman('exec', name, 'sh', '-c', 'echo x > /app/x').catch(
      () => 'refused',
    );
    assert.deepStrictEqual(written, 'refused');

    const client = await connectHttpClient({ url, token: alice });
    for (const language of ['python', 'javascript']) {
      const id = await openSession(client, { language, context_text: 'in a container' });
      const code = language === 'python' ? 'len(context)' : 'context.length';
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code });
      assert.deepStrictEqual(step['result'], '14', language);
    }
    await client.close();
    await revokeTokens(usersFile, 'alice', null);
    const headers = { Authorization: `Bearer ${alice}` };
    assert.deepStrictEqual((await fetch(url, { headers })).status, 401);
    await podman('stop', '-t', '15', name);
    assert.deepStrictEqual(await podman('inspect', name, '--format', '{{.State.ExitCode}}'), '0');
    assert.equal((await podman('logs', name)).includes('sk-planted-7781'), false);
  });
});
