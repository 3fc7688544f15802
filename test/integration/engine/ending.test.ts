// A server process that is told to end in the middle of calls answers them first, on every way to it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import {
  type RunningServer,
  cliPath,
  readEndpoint,
  startServer,
} from '../../support/engineProcess';
import {
  assertEnded,
  callTool,
  connectHttpClient,
  createClient,
  openSession,
} from '../../support/mcpClient';
import { useTempFolder } from '../../support/tempFolder';

/** The process that is told to end, and whether the client comes to it through a pipe. */
const ways = [
  { name: 'serve, by HTTP', args: null, ends: 'engine' },
  { name: 'mcp --standalone', args: ['--standalone'], ends: 'client' },
  { name: 'mcp that has joined no engine', args: [], ends: 'client' },
  { name: 'mcp joined to an engine that ends', args: [], ends: 'engine' },
  { name: 'mcp joined to an engine, itself', args: [], ends: 'joined' },
] as const;

describe('A process that is told to end', () => {
  const folder = useTempFolder();
  let servers: RunningServer[];
  let clients: Client[];

  beforeEach(async () => {
    [servers, clients] = [[], []];
    await mkdir(path.join(folder(), 'home', 'engines'), { recursive: true, mode: 0o700 });
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
  });

  const serve = async (): Promise<RunningServer> => {
    const server = await startServer({ home: path.join(folder(), 'home'), root: folder() });
    servers.push(server);
    return server;
  };

  const spawnClient = async (args: readonly string[]): Promise<{ client: Client; pid: number }> => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [cliPath, '--home', path.join(folder(), 'home'), 'mcp', ...args],
      cwd: folder(),
      stderr: 'ignore',
    });
    const client = createClient();
    clients.push(client);
    await client.connect(transport);
    await client.listTools();
    return { client, pid: transport.pid ?? 0 };
  };

  const open = async (way: (typeof ways)[number]): Promise<{ client: Client; pid: number }> => {
    const server = way.ends === 'client' ? null : await serve();
    if (way.args) {
      const { client, pid } = await spawnClient(way.args);
      return { client, pid: way.ends === 'engine' ? (server?.child.pid ?? 0) : pid };
    }
    assert.ok(server);
    const client = await connectHttpClient(await readEndpoint(server.tokenFile));
    clients.push(client);
    return { client, pid: server.child.pid ?? 0 };
  };

  for (const way of ways) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`answers every open call: ${way.name}, ${signal}`, async function () {
        if (process.platform === 'win32') {
          this.skip(); // there a signal ends a process on the spot
        }
        const { client, pid } = await open(way);
        const id = await openSession(client);
        const begun = new Promise<void>((resolve) =>
          client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => resolve()),
        );
        await client.subscribeResource({ uri: `rlm://sessions/${id}/trace` });
        const loop = { session_id: id, code: 'while (true) {}' };
        const calls = [loop, { session_id: id, code: '1' }].map((args) =>
          assertEnded(callTool(client, 'rlm_run_repl', args)),
        );
        await begun;
        const server = servers.find(({ child }) => child.pid === pid);
        const exited = server
          ? once(server.child, 'exit')
          : new Promise((resolve) => (client.onclose = () => resolve(null)));
        process.kill(pid, signal);
        await Promise.all(calls);
        await exited;
      });
    }
  }
});
