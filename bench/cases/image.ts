// The image of the server, built from the real Dockerfile: how soon it is healthy, and how soon it has ended when it is told
// to while a step runs that never ends.

import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { callTool, callOk, connectHttpClient, openSession } from '../../test/support/mcpClient';
import {
  buildServerImage,
  hasPodman,
  podman,
  removeServerImage,
  serverWalls,
} from '../../test/support/serverImage';
import { addUsers } from '../../test/support/teamServer';
import type { Bench, BenchCase } from '../bench';
import { type Figure, toFigure } from '../figure';

/** Source: what the image is to reach on two cores. */
const maxHealthyMs = 5_000;
const maxDrainedMs = 10_000;
const name = `rlm-bench-${process.pid}`;

export const image: BenchCase = {
  name: 'image',
  title: 'The image of the server',
  run: async (bench) => {
    const names = ['started, until it is healthy', 'told to end in a step, until it has ended'];
    if (!hasPodman()) {
      return names.map((one) => toFigure(one, { missing: 'no podman on this machine' }));
    }
    try {
      return await measure(bench, names);
    } finally {
      await podman('rm', '-f', '-v', name).catch(() => undefined); // it is gone already
      await removeServerImage();
    }
  },
};

async function measure(bench: Bench, names: readonly string[]): Promise<Figure[]> {
  const built = await buildServerImage(bench.folder);
  const users = path.join(bench.folder, 'users');
  await mkdir(users, { mode: 0o755 });
  const { alice } = await addUsers(users, { alice: {} });
  await chmod(path.join(users, 'users.json'), 0o644);
  const start = (): Promise<string> => startHealthy(built, users);
  const cleanUp = (): Promise<unknown> => podman('rm', '-f', '-v', name);
  const contenders = [
    { name: 'healthy', run: start, cleanUp },
    {
      name: 'drained',
      prepare: async () => occupy(await start(), alice),
      run: async () => {
        await podman('kill', '-s', 'TERM', name);
        await podman('wait', name);
      },
      cleanUp,
    },
  ];
  const result = await bench.race(contenders, { rounds: bench.pick(5, 1), budgetMs: 120_000 });
  const none = { missing: 'not run' };
  const limits = [maxHealthyMs, maxDrainedMs];
  return contenders.map((one, at) =>
    toFigure(names[at] ?? '', result.spread(one.name) ?? none, {
      target: { atMost: limits[at] ?? 0 },
    }),
  );
}

/** Where it is reached, once it is healthy. */
async function startHealthy(image: string, users: string): Promise<string> {
  const settings = ['-e', 'RLM_PLAIN_HTTP=1', '-e', 'RLM_ALLOW_HOST=127.0.0.1'];
  const place = ['--name', name, '-p', '127.0.0.1::8080', '-v', `${users}:/etc/rlm:ro`];
  await podman('run', '-d', ...place, ...serverWalls, ...settings, image);
  const url = `http://${(await podman('port', name, '8080')).split('\n')[0] ?? ''}/mcp`;
  const isHealthy = (): Promise<boolean> =>
    fetch(new URL('/healthz', url)).then(
      ({ status }) => status === 200,
      () => false, // it does not listen yet
    );
  while (!(await isHealthy())) {
    await delay(20);
  }
  return url;
}

/** A step that never ends. */
async function occupy(url: string, token: string): Promise<void> {
  const client = await connectHttpClient({ url, token });
  const id = await openSession(client);
  void callTool(client, 'rlm_run_repl', { session_id: id, code: 'for (;;);' })
    .catch(() => undefined) // its server has ended
    .finally(() => void client.close());
  let actions: readonly string[] = [];
  while (!actions.includes('run_repl')) {
    const trace = await callOk(client, 'rlm_get_trace', { session_id: id });
    actions = (trace['events'] as { action: string }[]).map(({ action }) => action); // the schema
  }
}
