// A server for a team as a process of its own: who gets in, how often, what it tells those who run it, its end.

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type net from 'node:net';
import path from 'node:path';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { addToken, revokeTokens } from '../../../src/team/userFile';
import { callError, callOk, callTool, createClient, openSession } from '../../support/mcpClient';
import { connectRaw } from '../../support/rawSocket';
import { hasProcessTree, listChildren } from '../../support/processTree';
import { createSelfSigned } from '../../support/selfSigned';
import { initialize } from '../../support/initialize';
import { addUsers, startTeamServer, type TeamServerProcess } from '../../support/teamServer';
import { useTempFolder } from '../../support/tempFolder';
import { start } from '../cli/program';

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

describe('a server for a team', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let servers: TeamServerProcess[];

  beforeEach(() => {
    servers = [];
  });

  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const serve = async (args: readonly string[] = [], env = {}): Promise<TeamServerProcess> => {
    const server = await startTeamServer({ folder: folder(), args, env });
    servers.push(server);
    return server;
  };

  /** Node's own client, as it sends any Host. */
  const send = async (
    address: string,
    options: https.RequestOptions & { readonly body?: object } = {},
  ): Promise<Reply> => {
    const { body, ...rest } = options;
    const request = (address.startsWith('https') ? https : http).request(address, {
      agent: false,
      ...rest,
    });
    request.end(body && JSON.stringify(body));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  };

  const post = (token: string, headers: Record<string, string> = {}) => ({
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: initialize,
  });

  const at = (server: TeamServerProcess, place: string): string => new URL(place, server.url).href;

  describe('listening', () => {
    const users = async (): Promise<string> => {
      await addUsers(folder(), { alice: {} });
      return path.join(folder(), 'users.json');
    };

    it('does not listen beyond loopback without users, or in the clear', async () => {
      const refused: readonly (readonly string[])[] = [
        ['--host', '0.0.0.0'],
        ['--host', '::'],
        ['--host', '0.0.0.0', '--plain-http'],
        ['--host', '0.0.0.0', '--users', await users()],
        ['--host', '0.0.0.0', '--users', path.join(folder(), 'absent.json'), '--plain-http'],
        ['--host', '0.0.0.0', '--oidc-issuer', 'http://issuer.example', '--plain-http'],
        ['--oidc-issuer', 'https://issuer.example'],
        ['--oidc-audience', 'x'],
        ['--tls-cert', 'x'],
        ['--public-url', 'x'],
        ['--trust-proxy', 'x'],
        ['--allow-host', '*'],
      ];
      for (const args of refused) {
        const options = { home: path.join(folder(), 'home'), cwd: folder() };
        const { exitCode, output, errors } = await start(['serve', ...args], options).ended;
        assert.notDeepStrictEqual(exitCode, 0, args.join(' '));
        assert.equal(output.includes('MCP over HTTP'), false, args.join(' '));
        assert.match(errors, /INVALID_INPUT|Next|next|Give|Make/u, args.join(' '));
      }
    });

    it('listens beyond loopback for its users, under its own names alone', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const names = ['--allow-host', 'rlm.example.com', '--plain-http'];
      const server = await serve(['--host', '0.0.0.0', ...names]);
      const { port } = new URL(server.url);
      const url = `http://127.0.0.1:${port}/mcp`;
      const statuses: number[] = [];
      for (const Host of ['rlm.example.com', `127.0.0.1:${port}`, 'evil.example']) {
        statuses.push((await send(url, post(alice, { Host }))).status);
      }
      assert.deepStrictEqual(statuses, [200, 200, 403]);
    });

    it('speaks TLS by its files', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const first = createSelfSigned(1);
      const files = { cert: path.join(folder(), 'a.pem'), key: path.join(folder(), 'a.key') };
      await writeFile(files.cert, first.certificate);
      await writeFile(files.key, first.key);
      const server = await serve(['--tls-cert', files.cert, '--tls-key', files.key]);
      const reply = await send(server.url, { ...post(alice), ca: first.certificate });
      assert.deepStrictEqual([server.url.startsWith('https:'), reply.status], [true, 200]);
      const other = createSelfSigned(2);
      await assert.rejects(send(server.url, { ...post(alice), ca: other.certificate }));
    });

    it('believes X-Forwarded headers of a named proxy alone', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const forwarded = { 'X-Forwarded-Host': 'rlm.example.com', 'X-Request-Id': 'from-proxy' };
      const name = ['--allow-host', 'rlm.example.com'];
      const statuses: unknown[] = [];
      for (const proxy of ['127.0.0.1', '10.0.0.1']) {
        const server = await serve(['--trust-proxy', proxy, ...name]);
        const reply = await send(server.url, post(alice, { Host: 'inner', ...forwarded }));
        statuses.push([reply.status, reply.headers['x-request-id'] === 'from-proxy']);
      }
      assert.deepStrictEqual(statuses, [
        [200, true],
        [403, false],
      ]);
    });
  });

  describe('access', () => {
    it('ends at once for a token that is taken back, and for its sessions', async () => {
      const tokens = await addUsers(folder(), { alice: {}, bob: {} });
      const server = await serve();
      const alice = await server.connect(tokens.alice);
      const bob = await server.connect(tokens.bob);
      await openSession(alice);
      await revokeTokens(server.usersFile, 'alice', null);
      await assert.rejects(alice.listTools(), { code: 401 });
      assert.deepStrictEqual((await send(server.url, post(tokens.alice))).status, 401);
      assert.ok(await openSession(bob));
    });

    it('ends the MCP sessions of a token that is taken back, and not those of another of the user', async () => {
      await addUsers(folder(), { alice: {} });
      const server = await serve();
      const request = {
        name: 'alice',
        role: 'user',
        expiresAt: null,
        roots: [],
        quota: {},
      } as const;
      const leaked = await addToken(server.usersFile, request);
      const own = await addToken(server.usersFile, request);
      const openStream = async (token: string): Promise<http.IncomingMessage> => {
        const { headers } = await send(server.url, post(token));
        const session = { 'Mcp-Session-Id': String(headers['mcp-session-id']) };
        const given = { ...post(token, session).headers };
        const stream = http.get(server.url, { agent: false, headers: given });
        const [response] = (await once(stream, 'response')) as [http.IncomingMessage];
        return response.resume();
      };
      const [first, second] = [await openStream(leaked.token), await openStream(own.token)];
      await revokeTokens(server.usersFile, 'alice', leaked.id);
      await once(first, 'close');
      assert.deepStrictEqual(
        [first.statusCode, second.statusCode, second.closed],
        [200, 200, false],
      );
    });

    it('slows down whoever tries tokens, and nobody who has one', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const server = await serve();
      const statuses = new Map<number, number>();
      for (let tried = 0; tried < 100; tried += 1) {
        const { status } = await send(server.url, post(`rlm_wrong${tried}`));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      assert.deepStrictEqual([...statuses.keys()], [401, 429]);
      const refused = await send(server.url, post('rlm_wrong'));
      assert.match(refused.headers['retry-after'] ?? '', /^\d+$/u);
      assert.deepStrictEqual((await send(server.url, post(alice))).status, 200);
    });

    it('lets a page of an allowed origin call, and no other', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const origin = 'https://app.example.com';
      const server = await serve(['--allow-origin', origin]);
      const preflight = (Origin: string) =>
        send(server.url, { method: 'OPTIONS', headers: { Origin } });
      const allowed = await preflight(origin);
      assert.deepStrictEqual(
        [allowed.status, allowed.headers['access-control-allow-origin']],
        [204, origin],
      );
      const other = await preflight('https://evil.example');
      assert.deepStrictEqual(
        [other.status, other.headers['access-control-allow-origin']],
        [403, undefined],
      );
      const call = await send(server.url, post(alice, { Origin: origin }));
      assert.deepStrictEqual(
        [call.status, call.headers['access-control-allow-origin']],
        [200, origin],
      );
    });
  });

  describe('quotas', () => {
    const open = (max_memory_mb: number) => ({
      context_text: 'x',
      language: 'javascript',
      config: { max_memory_mb },
    });

    it('name the limit: sessions, memory, contexts, calls, requests, connections', async () => {
      const big = path.join(folder(), 'big');
      await mkdir(big);
      await writeFile(path.join(big, 'big.txt'), 'a line of text\n'.repeat(200_000));
      const tokens = await addUsers(folder(), {
        few: { quota: { live_sessions: 2 } },
        small: { quota: { memory_mb: 1_000 }, roots: [big] },
        calls: { quota: { calls_per_minute: 3 } },
        requests: { quota: { requests_per_minute: 4 } },
        alone: { quota: { mcp_sessions: 1 } },
      });
      const server = await serve();
      const few = await server.connect(tokens.few);
      await openSession(few);
      const second = await openSession(few);
      const full = await callError(few, 'rlm_init_context', open(64));
      assert.deepStrictEqual(
        [full.code, /live_sessions/u.test(full.message)],
        ['BACKEND_UNAVAILABLE', true],
      );
      await callOk(few, 'rlm_finalize', { session_id: second, final_text: 'x' });
      await callOk(few, 'rlm_init_context', open(64)); // the ended one makes room

      const small = await server.connect(tokens.small);
      await callOk(small, 'rlm_init_context', open(900));
      const large = await callError(small, 'rlm_init_context', open(128));
      assert.deepStrictEqual(
        [large.code, /memory_mb/u.test(large.message)],
        ['BACKEND_UNAVAILABLE', true],
      );
      const given = { context_paths: [path.join(big, 'big.txt')], language: 'javascript' };
      const long = await callError(small, 'rlm_init_context', {
        ...given,
        config: { max_memory_mb: 98 },
      });
      assert.deepStrictEqual(
        [long.code, /memory_mb/u.test(long.message)],
        ['CONTEXT_TOO_LARGE', true],
      );
      await callOk(small, 'rlm_init_context', { ...given, config: { max_memory_mb: 96 } });

      const calls = await server.connect(tokens.calls);
      for (let call = 0; call < 3; call += 1) {
        await callOk(calls, 'rlm_list_sessions');
      }
      const often = await callError(calls, 'rlm_list_sessions');
      assert.deepStrictEqual(
        [often.code, /calls_per_minute/u.test(often.message)],
        ['BACKEND_UNAVAILABLE', true],
      );

      const replies: Reply[] = [];
      for (let request = 0; request < 5; request += 1) {
        replies.push(await send(server.url, post(tokens.requests)));
      }
      assert.deepStrictEqual(
        replies.map(({ status }) => status),
        [200, 200, 200, 200, 429],
      );
      assert.match(replies[4]?.text ?? '', /requests_per_minute/u);
      assert.match(replies[4]?.headers['retry-after'] ?? '', /^\d+$/u);

      const connected = [
        await send(server.url, post(tokens.alone)),
        await send(server.url, post(tokens.alone)),
      ];
      assert.deepStrictEqual(
        connected.map(({ status }) => status),
        [200, 429],
      );
      assert.match(connected[1]?.text ?? '', /mcp_sessions/u);
    });

    it('leave connections and memory to others, whatever one user opens', async () => {
      const tokens = await addUsers(folder(), { greedy: {}, bob: {} });
      const server = await serve();
      const { port, host } = new URL(server.url);
      const head = [
        'POST /mcp HTTP/1.1',
        `Host: ${host}`,
        `Authorization: Bearer ${tokens.greedy}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
      ];
      const sockets: net.Socket[] = [];
      const statuses = new Map<string, number>();
      const answered = new EventEmitter();
      const openBody = async (announced: number): Promise<void> => {
        const socket = await connectRaw(Number(port));
        sockets.push(socket);
        socket.setEncoding('latin1').once('data', (text: string) => {
          const status = text.slice(9, 12);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          answered.emit('answer');
        });
        socket.write([...head, `Content-Length: ${announced}`, '', '{'].join('\r\n'));
      };
      const untilRefused = async (count: number): Promise<void> => {
        while ((statuses.get('429') ?? 0) < count) {
          await once(answered, 'answer');
        }
      };
      for (let index = 0; index < 6; index += 1) {
        await openBody(16_000_000);
      }
      await untilRefused(2); // four of them are read
      for (let index = 0; index < 1_050; index += 1) {
        await openBody(10);
      }
      await untilRefused(2 + 800);
      const bob = await server.connect(tokens.bob);
      await callOk(bob, 'rlm_list_sessions');
      assert.deepStrictEqual([...statuses.keys()], ['429']);
      sockets.forEach((socket) => socket.destroy());
    });
  });

  describe('operations', () => {
    it('is healthy and ready under any name, and says when it is not', async () => {
      await addUsers(folder(), { alice: {} });
      const server = await serve();
      const probe = (place: string) => send(at(server, place), { headers: { Host: '10.0.0.9' } });
      for (const place of ['/healthz', '/readyz']) {
        const { status, text } = await probe(place);
        assert.deepStrictEqual([place, status, text], [place, 200, '{"status":"ok"}']);
      }
      const broken = await serve(['--port', '0'], { RLM_HOME: path.join(folder(), 'other') });
      await rm(path.join(folder(), 'other'), { recursive: true });
      await writeFile(path.join(folder(), 'other'), '');
      const { status, text } = await send(at(broken, '/readyz'));
      assert.deepStrictEqual(
        [status, JSON.parse(text)],
        [503, { status: 'failing', faults: ['The home folder cannot be written.'] }],
      );
      assert.deepStrictEqual((await send(at(broken, '/healthz'))).status, 200);
    });

    it('shows its metrics to their own tokens, with no word of a user’s in them', async () => {
      const tokens = await addUsers(folder(), {
        'user-name-5512': {},
        prometheus: { role: 'metrics' },
      });
      const key = 'sk-planted-key-9921';
      const server = await serve([], { OPENAI_API_KEY: key });
      const client = await server.connect(tokens['user-name-5512']);
      const id = await openSession(client, { title: 'title-5512', context_text: 'context-5512' });
      await callOk(client, 'rlm_run_repl', { session_id: id, code: '"code-5512"' });
      await callError(client, 'rlm_get_var', { session_id: id, var_name: 'var_5512' });
      await assert.rejects(callTool(client, 'tool-5512', {}));
      const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
      const url = at(server, '/metrics');
      const { status, text } = await send(url, bearer(tokens.prometheus));
      assert.deepStrictEqual(status, 200);
      for (const line of [
        'rlm_live_sessions 1',
        'rlm_users 1',
        'rlm_tool_calls_total{tool="rlm_run_repl",outcome="ok"} 1',
        'rlm_tool_calls_total{tool="rlm_get_var",outcome="VAR_NOT_FOUND"} 1',
        'rlm_tool_call_seconds_count{tool="rlm_init_context"} 1',
      ]) {
        assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
      }
      const told = [text, server.errors()].join('\n');
      const secrets = [...Object.values(tokens), key, id];
      for (const secret of [
        ...secrets,
        'title-5512',
        'context-5512',
        'code-5512',
        'var_5512',
        'tool-5512',
      ]) {
        assert.equal(told.includes(secret), false, secret);
      }
      assert.equal(text.includes('user-name-5512'), false);
      const others = [await send(url), await send(url, bearer(tokens['user-name-5512']))];
      assert.deepStrictEqual(
        others.map((one) => one.status),
        [401, 403],
      );
      assert.deepStrictEqual((await send(server.url, post(tokens.prometheus))).status, 403);
    });

    it('has no token or key in the arguments of a process, or in the environment of a sandbox', async function () {
      if (!hasProcessTree) {
        this.skip();
      }
      const { alice } = await addUsers(folder(), { alice: {} });
      const key = 'sk-planted-key-9921';
      const server = await serve([], { OPENAI_API_KEY: key });
      const client = await server.connect(alice);
      await openSession(client);
      const { pid = 0 } = server.child;
      const children = await listChildren(pid);
      assert.ok(children.length > 0);
      const read = (of: number, what: string) => readFile(`/proc/${of}/${what}`, 'latin1');
      for (const of of [pid, ...children]) {
        const environment = of === pid ? '' : await read(of, 'environ');
        const told = (await read(of, 'cmdline')) + environment;
        [alice, key].forEach((secret) => assert.equal(told.includes(secret), false, String(of)));
      }
    });

    it('answers the calls that are open when it is told to end, and takes no new ones', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const server = await serve();
      const [caller, watcher] = [await server.connect(alice), await server.connect(alice)];
      const id = await openSession(caller);
      const code = 'const end = Date.now() + 2_500; while (Date.now() < end); "done"';
      const call = callOk(caller, 'rlm_run_repl', { session_id: id, code });
      let actions: readonly string[] = [];
      while (!actions.includes('run_repl')) {
        const trace = await callOk(watcher, 'rlm_get_trace', { session_id: id });
        actions = (trace['events'] as { action: string }[]).map(({ action }) => action); // the schema
      }
      server.child.kill('SIGTERM');
      let ready: Reply;
      do {
        ready = await send(at(server, '/readyz'));
      } while (ready.status === 200);
      assert.deepStrictEqual(
        [ready.status, (await send(server.url, post(alice))).status],
        [503, 503],
      );
      assert.deepStrictEqual((await call)['result'], "'done'");
      assert.deepStrictEqual((await server.ended).exitCode, 0);
    });
  });

  describe('transports', () => {
    it('serves clients of the older one, each its own, when asked to', async () => {
      const tokens = await addUsers(folder(), { alice: {}, bob: {} });
      const server = await serve([], { MCP_TRANSPORT: 'sse' });
      const connect = async (token: string) => {
        const client = createClient();
        const headers = { Authorization: `Bearer ${token}` };
        const transport = new SSEClientTransport(new URL(at(server, '/sse')), {
          requestInit: { headers },
        });
        await client.connect(transport);
        await client.listTools();
        return { client, transport };
      };
      const alice = await connect(tokens.alice);
      const id = await openSession(alice.client);
      const step = await callOk(alice.client, 'rlm_run_repl', { session_id: id, code: '6 * 7' });
      assert.deepStrictEqual(step['result'], '42');
      const bob = await connect(tokens.bob);
      const foreign = await callError(bob.client, 'rlm_run_repl', { session_id: id, code: '1' });
      assert.deepStrictEqual(foreign.code, 'SESSION_NOT_FOUND');
      await alice.client.close();
      await bob.client.close();
    });

    it('takes no message for another’s stream', async () => {
      const tokens = await addUsers(folder(), { alice: {}, bob: {} });
      const server = await serve(['--transport', 'sse']);
      const request = http.get(at(server, '/sse'), {
        agent: false,
        headers: { Authorization: `Bearer ${tokens.alice}` },
      });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      const [chunk] = (await once(response, 'data')) as [Buffer];
      const place = /data: (\S+)/u.exec(chunk.toString())?.[1] ?? '';
      const statuses = [];
      for (const token of [tokens.bob, tokens.alice]) {
        statuses.push((await send(at(server, place), post(token))).status);
      }
      assert.deepStrictEqual(statuses, [404, 202]);
      request.destroy();
    });

    it('does not serve it otherwise', async () => {
      const { alice } = await addUsers(folder(), { alice: {} });
      const server = await serve();
      const headers = { Authorization: `Bearer ${alice}` };
      assert.deepStrictEqual((await send(at(server, '/sse'), { headers })).status, 404);
    });

    it('listens on MCP_PORT', async () => {
      await addUsers(folder(), { alice: {} });
      const server = await serve([], { MCP_PORT: '0' });
      assert.match(new URL(server.url).port, /^\d+$/u);
    });
  });
});
