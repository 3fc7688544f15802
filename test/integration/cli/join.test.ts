// `rlm-companion mcp` joined to engines in processes of their own, which end, restart and lie.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { createTimeOrderedId } from '../../../src/base/ids';
import { type RunningServer, readEndpoint, startServer } from '../../support/engineProcess';
import {
  assertEnded,
  callOk,
  callTool,
  connectHttpClient,
  createClient,
  openSession,
} from '../../support/mcpClient';
import { mcpFlows, toList } from '../../support/mcpFlows';
import { useTempFolder } from '../../support/tempFolder';
import { programFile } from './program';

const isWindows = process.platform === 'win32';

interface Joined {
  readonly client: Client;
  readonly pid: number;
  /** Everything on stderr so far. */
  readonly errors: () => string;
}

describe('rlm-companion mcp', () => {
  const folder = useTempFolder();
  const at = (...names: readonly string[]): string => path.join(folder(), ...names);
  let servers: RunningServer[];
  let clients: Client[];
  let impostors: Server[];

  beforeEach(async () => {
    [servers, clients, impostors] = [[], [], []];
    await mkdir(at('home', 'engines'), { recursive: true, mode: 0o700 });
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    for (const impostor of impostors) {
      impostor.closeAllConnections();
      impostor.close();
    }
  });

  const serve = async (): Promise<RunningServer> => {
    const server = await startServer({ home: at('home'), root: folder() });
    servers.push(server);
    return server;
  };

  const join = async (...args: readonly string[]): Promise<Joined> => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [programFile, '--home', at('home'), 'mcp', ...args],
      cwd: folder(),
      stderr: 'pipe',
    });
    let errors = '';
    transport.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')));
    const client = createClient();
    clients.push(client);
    await client.connect(transport);
    await client.listTools();
    return { client, pid: transport.pid ?? 0, errors: () => errors };
  };

  const readPid = async (client: Client): Promise<unknown> =>
    (await callOk(client, 'rlm_status'))['pid'];

  /** Listens for one notification of a kind. */
  const untilListChanged = (client: Client): Promise<void> =>
    new Promise((resolve) => {
      client.setNotificationHandler(ResourceListChangedNotificationSchema, () => resolve());
    });

  it('puts a client’s sessions into the engine that runs, where others see them live', async () => {
    const server = await serve();
    const { client } = await join();
    const id = await openSession(client);
    await callOk(client, 'rlm_run_repl', { session_id: id, code: 'var x = 41' });
    const other = await connectHttpClient(await readEndpoint(server.tokenFile));
    clients.push(other);
    const step = await callOk(other, 'rlm_run_repl', { session_id: id, code: 'x + 1' });
    assert.deepStrictEqual([step['result'], step['step_index']], ['42', 2]);
    assert.deepStrictEqual(await readPid(client), server.child.pid);
    assert.deepStrictEqual(await readdir(at('home', 'engines')), [path.basename(server.tokenFile)]);
  });

  for (const flow of mcpFlows) {
    it(`joined: ${flow.title}`, async () => {
      await serve();
      const { client } = await join();
      await flow.run(client, 'javascript');
    });
  }

  describe('under a hundred calls at once', () => {
    const setUps: readonly (readonly [
      string,
      () => Promise<{ client: Client; errors: () => string }>,
    ])[] = [
      ['joined', async () => (await serve(), join())],
      ['standalone', () => join('--standalone')],
      [
        'over HTTP',
        async () => {
          const server = await serve();
          const client = await connectHttpClient(await readEndpoint(server.tokenFile));
          clients.push(client);
          return { client, errors: server.errors };
        },
      ],
    ];
    for (const [name, setUp] of setUps) {
      it(`${name}: each has its own answer, and nothing is said on stderr`, async () => {
        const { client, errors } = await setUp();
        const id = await openSession(client);
        const steps = await Promise.all(
          Array.from({ length: 60 }, (_, index) =>
            callOk(client, 'rlm_run_repl', { session_id: id, code: `${index} * 2` }),
          ),
        );
        assert.deepStrictEqual(
          steps.map((step) => step['result']),
          steps.map((_, index) => String(index * 2)),
        );
        const reads = await Promise.all(
          Array.from({ length: 100 }, (_, index) =>
            index % 2 === 0 ? client.ping() : callOk(client, 'rlm_get_trace', { session_id: id }),
          ),
        );
        assert.equal(reads.length, 100);
        const aborts = Array.from({ length: 40 }, () => new AbortController());
        const other = await openSession(client);
        const cancelled = aborts.map(({ signal }) =>
          assert.rejects(
            callTool(
              client,
              'rlm_run_repl',
              { session_id: other, code: 'while (true) {}' },
              { signal },
            ),
          ),
        );
        aborts.forEach((abort) => abort.abort());
        await Promise.all(cancelled);
        await client.ping();
        const lines = errors()
          .split('\n')
          .filter((line) => !/^(?:Joined|$)/u.test(line));
        assert.deepStrictEqual(lines, []);
      });
    }
  });

  it('is its own engine with --standalone, and when none runs', async () => {
    const alone = await join();
    assert.deepStrictEqual(await readPid(alone.client), alone.pid);
    await serve();
    const forced = await join('--standalone');
    assert.deepStrictEqual(await readPid(forced.client), forced.pid);
  });

  it('joins the engine that has run longest', async () => {
    const first = await serve();
    await serve();
    const { client } = await join();
    assert.deepStrictEqual(await readPid(client), first.child.pid);
  });

  it('answers the running call with an error when its engine is killed, and goes on alone', async () => {
    const server = await serve();
    const { client, pid } = await join();
    const id = await openSession(client);
    await callOk(client, 'rlm_run_repl', { session_id: id, code: 'var x = 41' });
    const watcher = await connectHttpClient(await readEndpoint(server.tokenFile));
    clients.push(watcher);
    const started = untilUpdated(watcher, `rlm://sessions/${id}/trace`);
    await watcher.subscribeResource({ uri: `rlm://sessions/${id}/trace` });
    const call = callTool(client, 'rlm_run_repl', { session_id: id, code: 'while (true) {}' });
    await started;
    await server.end('SIGKILL');
    const { isError, payload } = await call;
    const { code } = Object(payload['error']) as { code: string }; // the contract's shape
    assert.deepStrictEqual([isError, code], [true, 'BACKEND_UNAVAILABLE']);
    const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'x + 1' });
    assert.deepStrictEqual(step['result'], '42');
    assert.deepStrictEqual(await readPid(client), pid);
  });

  it('moves to the engine that takes over, with the client’s subscriptions', async () => {
    const first = await serve();
    const { client } = await join();
    await client.subscribeResource({ uri: 'rlm://sessions' });
    const second = await serve();
    const moved = untilListChanged(client);
    await first.end('SIGKILL');
    await moved;
    assert.deepStrictEqual(await readPid(client), second.child.pid);
    const updated = untilUpdated(client, 'rlm://sessions');
    const other = await connectHttpClient(await readEndpoint(second.tokenFile));
    clients.push(other);
    await openSession(other);
    await updated;
  });

  it('has each client told once what the REPL offers, and once more by an engine that takes over', async () => {
    const first = await serve();
    const [{ client: one }, { client: other }] = [await join(), await join()];
    const isTold = async (client: Client): Promise<boolean> => {
      const given = { context_text: 'alpha', language: 'javascript' };
      const { isError, text } = await callTool(client, 'rlm_init_context', given);
      assert.equal(isError, false, text);
      return text.includes('llm_query(prompt');
    };
    const told = async () => [await isTold(one), await isTold(other), await isTold(one)];
    assert.deepStrictEqual(await told(), [true, true, false]);
    const { child } = await serve();
    await first.end('SIGKILL');
    assert.deepStrictEqual([await readPid(one), await readPid(other)], [child.pid, child.pid]);
    assert.deepStrictEqual(await told(), [true, true, false]);
    assert.equal(await isTold(other), false);
  });

  it('finds an engine that starts after the last one has ended', async function () {
    if (isWindows) {
      this.skip(); // there a signal ends a process on the spot
    }
    const first = await serve();
    const { client } = await join();
    const id = await openSession(client);
    await first.end('SIGTERM');
    const moved = untilListChanged(client);
    const second = await serve();
    await moved;
    assert.deepStrictEqual(await readPid(client), second.child.pid);
    const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'context.length' });
    assert.deepStrictEqual(step['result'], '16');
  });

  it('cancels what runs in the engine when the client goes', async () => {
    const server = await serve();
    const { client } = await join();
    const id = await openSession(client);
    const watcher = await connectHttpClient(await readEndpoint(server.tokenFile));
    clients.push(watcher);
    const started = untilUpdated(watcher, `rlm://sessions/${id}/trace`);
    await watcher.subscribeResource({ uri: `rlm://sessions/${id}/trace` });
    const call = callTool(client, 'rlm_run_repl', { session_id: id, code: 'while (true) {}' });
    const answered = assertEnded(call);
    await started;
    await client.close();
    await answered;
    const next = await callOk(watcher, 'rlm_run_repl', { session_id: id, code: '1 + 1' });
    assert.deepStrictEqual(next['result'], '2');
    const { events } = await callOk(watcher, 'rlm_get_trace', { session_id: id, limit: 100 });
    assert.ok(toList(events).some((event) => event['action'] === 'run_repl'));
  });

  describe('given an endpoint file that lies', () => {
    /** A server that is no engine, and the requests it got. */
    const pretend = async (
      answer: RequestListener,
    ): Promise<{ readonly url: string; readonly seen: string[] }> => {
      const seen: string[] = [];
      const impostor = createServer((request, response) => {
        seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
        request.resume();
        answer(request, response);
      });
      impostors.push(impostor);
      impostor.listen(0, '127.0.0.1');
      await once(impostor, 'listening');
      const { port } = impostor.address() as AddressInfo; // a TCP server that listens
      return { url: `http://127.0.0.1:${port}/mcp`, seen };
    };

    const announce = async (url: string, mode = 0o600): Promise<void> => {
      const id = createTimeOrderedId(Date.now());
      const endpoint = {
        engine_id: id,
        pid: process.pid,
        host: hostname(),
        url,
        token: 'a-token-of-22-characters',
        version: '0.1.0',
        started_at: new Date().toISOString(),
      };
      const file = at('home', 'engines', `${id}.json`);
      await writeFile(file, JSON.stringify(endpoint));
      await chmod(file, mode);
    };

    const assertAlone = async (reason: RegExp): Promise<void> => {
      const { client, pid, errors } = await join();
      assert.deepStrictEqual(await readPid(client), pid);
      while (!reason.test(errors())) {
        await new Promise((resolve) => setImmediate(resolve)); // what it says comes by another pipe
      }
      assert.ok(!errors().includes('a-token'));
    };

    it('sends nothing when others may read or write the file', async function () {
      if (isWindows) {
        this.skip(); // modes mean nothing there
      }
      const { url, seen } = await pretend((_, response) => response.end());
      await announce(url, 0o644);
      await announce(url, 0o620);
      await assertAlone(/^(?=[^]*others may touch the file \(mode 644\))(?=[^]*mode 620)/u);
      assert.deepStrictEqual(seen, []);
    });

    it('sends nothing to an address that is not on this machine, or not plain HTTP', async () => {
      const { url, seen } = await pretend((_, response) => response.end());
      const { port } = new URL(url);
      await announce(`http://127.0.0.1.example.com:${port}/mcp`);
      await announce(`http://0.0.0.0:${port}/mcp`);
      await announce(`http://[::ffff:127.0.0.1]:${port}/mcp`);
      await announce(`http://localhost.:${port}/mcp`);
      await announce(`http://user:pass@127.0.0.1:${port}/mcp`);
      await announce(`https://127.0.0.1:${port}/mcp`);
      await assertAlone(/^(?=[^]*not on this machine)(?=[^]*not plain HTTP)/u); // in any order
      assert.deepStrictEqual(seen, []);
    });

    it('follows no redirect', async () => {
      const target = await pretend((_, response) => response.end());
      const { url, seen } = await pretend((_, response) =>
        response.writeHead(307, { Location: target.url }).end(),
      );
      const own = await pretend((_, response) =>
        response.writeHead(308, { Location: '/elsewhere' }).end(),
      );
      await announce(url);
      await announce(own.url);
      await assertAlone(/Not joined: .*redirects are not followed/u);
      assert.deepStrictEqual(target.seen, []);
      assert.deepStrictEqual([seen.length, own.seen.length], [1, 1]);
    });

    it('stays alone when the port answers 401, garbage, or breaks off', async () => {
      const refusing = await pretend((_, response) => response.writeHead(401).end());
      const garbage = await pretend((_, response) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"hello":1}'),
      );
      const broken = await pretend((request) => request.socket.destroy());
      const closed = await pretend(() => undefined);
      impostors.pop()?.close();
      for (const { url } of [refusing, garbage, broken, closed]) {
        await announce(url);
      }
      await assertAlone(/(?:Not joined[^]*){4}/u);
    });

    it('passes over it for an engine that answers', async () => {
      const refusing = await pretend((_, response) => response.writeHead(401).end());
      await announce(refusing.url);
      const server = await serve();
      const { client } = await join();
      assert.deepStrictEqual(await readPid(client), server.child.pid);
    });
  });
});

function untilUpdated(client: Client, uri: string): Promise<void> {
  return new Promise((resolve) => {
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
      if (params.uri === uri) {
        resolve();
      }
    });
  });
}
