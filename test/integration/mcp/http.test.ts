// The HTTP endpoint with real clients, and every way in that must stay shut.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';

import { type HttpOptions, type TokenServing, serveHttp } from '../../../src/mcp/http';
import { initialize } from '../../support/initialize';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import {
  assertEnded,
  callOk,
  callTool,
  connectHttpClient,
  openSession,
} from '../../support/mcpClient';
import { mcpFlows } from '../../support/mcpFlows';
import { connectRaw } from '../../support/rawSocket';

interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string | Buffer;
}

interface RawReply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

const initializeText = JSON.stringify(initialize);

/** Code and id of a refusal. */
const readError = ({ text }: RawReply): readonly unknown[] => {
  const { error, id } = JSON.parse(text) as { error: { code: number }; id: unknown }; // JSON-RPC
  return [error.code, id];
};

const ping = '{"jsonrpc":"2.0","id":2,"method":"ping"}';

describe('HTTP', () => {
  let engine: FakeEngine;
  let served: TokenServing[];
  let clients: Client[];

  beforeEach(() => {
    engine = createFakeEngine();
    served = [];
    clients = [];
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all(served.map((one) => one.dispose()));
    await engine.close();
    assert.deepStrictEqual(engine.traces.listenerCount, 0);
  });

  const serve = async (options?: HttpOptions): Promise<TokenServing> => {
    const serving = await serveHttp(engine, options);
    served.push(serving);
    return serving;
  };

  const connect = async (serving: TokenServing): Promise<Client> => {
    const client = await connectHttpClient(serving);
    clients.push(client);
    return client;
  };

  const goodHeaders = ({ token, port }: TokenServing) => ({
    Host: `127.0.0.1:${port}`,
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
  });

  const begin = (serving: TokenServing, raw: RawRequest) => {
    const { method = 'POST', path = '/mcp', headers = {}, body = initializeText } = raw;
    const all = Object.entries({ ...goodHeaders(serving), ...headers });
    const request = http.request({
      host: '127.0.0.1',
      port: serving.port,
      method,
      path,
      headers: Object.fromEntries(all.filter(([, value]) => value !== undefined)),
      agent: false,
    });
    request.end(method === 'POST' ? body : undefined);
    return request;
  };

  const send = async (serving: TokenServing, raw: RawRequest = {}): Promise<RawReply> => {
    const request = begin(serving, raw);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) {
      text += String(chunk);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, text };
  };

  const sendStatus = async (serving: TokenServing, raw: RawRequest) =>
    (await send(serving, raw)).status;

  const openMcpSession = async (serving: TokenServing): Promise<string> => {
    const { headers, status } = await send(serving);
    assert.deepStrictEqual(status, 200);
    return String(headers['mcp-session-id']);
  };

  describe('clients', () => {
    it('all flows work', async () => {
      const client = await connect(await serve());
      for (const flow of mcpFlows) {
        await flow.run(client, 'javascript');
      }
    });

    it('a tool set that is switched off is neither listed nor called', async () => {
      let isOn = false;
      const client = await connect(await serve({ offersSet: (set) => isOn || set !== 'traces' }));
      const list = async (): Promise<readonly string[]> =>
        (await client.listTools()).tools.map(({ name }) => name);
      const without = await list();
      await assert.rejects(callTool(client, 'rlm_list_sessions', {}), /Unknown tool/u);
      isOn = true;
      const added = (await list()).filter((name) => !without.includes(name));
      assert.deepStrictEqual(added, ['rlm_get_trace', 'search_runs', 'rlm_list_sessions']);
    });

    it('twenty clients at once get their own answers', async () => {
      const serving = await serve();
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const client = await connect(serving);
          const id = await openSession(client, { context_text: `text ${index}` });
          const args = { session_id: id, code: 'context' };
          const steps = await Promise.all([
            callOk(client, 'rlm_run_repl', args),
            callOk(client, 'rlm_run_repl', args),
          ]);
          return steps.map((step) => step['result']);
        }),
      );
      assert.deepStrictEqual(
        answers,
        answers.map((_, index) => [`"text ${index}"`, `"text ${index}"`]),
      );
    });

    it('a session survives its client: its id works for another connection', async () => {
      const serving = await serve();
      const first = await connect(serving);
      const id = await openSession(first);
      await first.close();
      const second = await connect(serving);
      await callOk(second, 'rlm_run_repl', { session_id: id, code: '1' });
    });

    it('works without the protocol-version header', async () => {
      const serving = await serve();
      const id = await openMcpSession(serving);
      const reply = await send(serving, { headers: { 'Mcp-Session-Id': id }, body: ping });
      assert.deepStrictEqual(reply.status, 200);
      assert.match(reply.text, /"result":\{\}/u);
    });

    it('a cancelled call ends its stream', async () => {
      const serving = await serve();
      const client = await connect(serving);
      const id = await openSession(client);
      const mcpId = await openMcpSession(serving);
      const headers = { 'Mcp-Session-Id': mcpId };
      const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
      const params = { name: 'rlm_run_repl', arguments: { session_id: id, code: 'sleep(60000)' } };
      const call = send(serving, {
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params }),
      });
      await slept;
      const cancelled = { method: 'notifications/cancelled', params: { requestId: 5 } };
      const body = JSON.stringify({ jsonrpc: '2.0', ...cancelled });
      assert.deepStrictEqual(await sendStatus(serving, { headers, body }), 202);
      assert.deepStrictEqual((await call).text.includes('data:'), false);
    });

    it('a cancellation that overtakes its call still cancels it', async () => {
      const serving = await serve();
      const client = await connect(serving);
      const id = await openSession(client);
      const headers = { 'Mcp-Session-Id': await openMcpSession(serving) };
      const cancelled = { method: 'notifications/cancelled', params: { requestId: 5 } };
      const notice = JSON.stringify({ jsonrpc: '2.0', ...cancelled });
      assert.deepStrictEqual(await sendStatus(serving, { headers, body: notice }), 202);
      const params = { name: 'rlm_run_repl', arguments: { session_id: id, code: 'sleep(60000)' } };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/call', params });
      const { text } = await send(serving, { headers, body });
      assert.deepStrictEqual(text.includes('data:'), false);
    });

    it('DELETE ends the MCP session and its running calls', async () => {
      const serving = await serve();
      const id = await openMcpSession(serving);
      const headers = { 'Mcp-Session-Id': id };
      assert.deepStrictEqual(await sendStatus(serving, { method: 'DELETE', headers }), 200);
      assert.deepStrictEqual(await sendStatus(serving, { headers }), 404);
      assert.deepStrictEqual(engine.traces.listenerCount, 0);
    });
  });

  describe('guard', () => {
    it('refuses requests without the right token, and says Bearer', async () => {
      const serving = await serve();
      const wrong = [undefined, 'Bearer wrong', `Basic ${serving.token}`];
      for (const Authorization of wrong) {
        const reply = await send(serving, { headers: { Authorization } });
        const challenge = Authorization ? 'Bearer error="invalid_token"' : 'Bearer';
        assert.deepStrictEqual([reply.status, reply.headers['www-authenticate']], [401, challenge]);
        assert.deepStrictEqual(reply.text.includes(serving.token), false);
      }
      const inUrl = { path: `/mcp?token=${serving.token}`, headers: { Authorization: undefined } };
      assert.deepStrictEqual(await sendStatus(serving, inUrl), 404);
    });

    it('refuses other hosts, origins and preflights, and never sends CORS headers', async () => {
      const serving = await serve();
      const requests: RawRequest[] = [
        { headers: { Host: 'evil.example' } },
        { headers: { Host: `evil.example:${serving.port}` } },
        { headers: { Origin: 'http://evil.example' } },
        { headers: { Origin: 'null' } },
        { headers: { Origin: 'vscode-webview://abc' } },
        { method: 'OPTIONS', headers: { Origin: 'http://evil.example' } },
        { method: 'OPTIONS' },
      ];
      for (const raw of requests) {
        const reply = await send(serving, raw);
        assert.deepStrictEqual(reply.status, 403);
        const cors = Object.keys(reply.headers).filter((name) => name.startsWith('access-control'));
        assert.deepStrictEqual(cors, []);
        const { error } = JSON.parse(reply.text) as { error: { code: number } };
        assert.deepStrictEqual(error.code, -32000);
      }
      const passed = await send(serving);
      const cors = Object.keys(passed.headers).filter((name) => name.startsWith('access-control'));
      assert.deepStrictEqual([passed.status, cors], [200, []]);
    });

    it('answers wrong paths, methods, types, accepts and sessions each by their status', async () => {
      const serving = await serve();
      const statuses = [
        await sendStatus(serving, { path: '/' }),
        await sendStatus(serving, { method: 'PUT' }),
        await sendStatus(serving, { headers: { 'Content-Type': 'text/plain' } }),
        await sendStatus(serving, { headers: { Accept: 'application/json' } }),
        await sendStatus(serving, { headers: { 'Mcp-Session-Id': 'made-up' } }),
        await sendStatus(serving, { method: 'GET', headers: { 'Mcp-Session-Id': 'made-up' } }),
        await sendStatus(serving, { body: ping }),
      ];
      assert.deepStrictEqual(statuses, [404, 405, 415, 406, 404, 404, 400]);
      assert.deepStrictEqual(engine.traces.listenerCount, 0);
    });

    it('a valid token does not make a guessed MCP session', async () => {
      const serving = await serve();
      const id = await openMcpSession(serving);
      const headers = { 'Mcp-Session-Id': id, Authorization: undefined };
      assert.match(id, /^[0-9a-f-]{36}$/u);
      assert.deepStrictEqual(await sendStatus(serving, { headers }), 401);
    });

    it('refuses bodies that are no JSON, too deep, too many or empty', async () => {
      const serving = await serve();
      const bodies = [
        '{"jsonrpc":',
        '['.repeat(101) + ']'.repeat(101),
        JSON.stringify(Array.from({ length: 101 }, () => ({ jsonrpc: '2.0', method: 'x' }))),
        '[]',
        '"text"',
        Buffer.from([0x22, 0xff, 0x22]),
      ];
      for (const body of bodies) {
        assert.deepStrictEqual(await sendStatus(serving, { body }), 400, String(body));
      }
    });

    it('refuses bodies over the cap, announced or streamed, and closes the connection', async () => {
      const serving = await serve({ limits: { maxBodyBytes: 10_000 } });
      const body = Buffer.alloc(1_000_000, 'x');
      for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
        const reply = await send(serving, { headers, body });
        assert.deepStrictEqual([reply.status, reply.headers.connection], [413, 'close']);
      }
    });

    it('drains a body that it refuses, so that its client reads why', async () => {
      const serving = await serve({ limits: { maxBodyBytes: 10_000 } });
      const body = Buffer.alloc(60_000_000, '"');
      for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }, { Authorization: 'none' }]) {
        const request = begin(serving, { headers, body });
        const wasCut = once(request, 'error').then(() => true);
        const sent = once(request, 'finish').then(() => false);
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        response.resume();
        await once(response, 'close');
        assert.deepStrictEqual(await Promise.race([wasCut, sent]), false);
      }
    });

    it('answers 15 MB of quotes, escaped or not, as any other body', async () => {
      const serving = await serve();
      const headers = { 'Mcp-Session-Id': await openMcpSession(serving) };
      const text = '"'.repeat(6_700_000);
      const params = { name: 'rlm_run_repl', arguments: { session_id: 'none', code: text } };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/call', params });
      const reply = await send(serving, { headers, body });
      assert.deepStrictEqual(reply.status, 200);
      assert.match(reply.text, /INVALID_INPUT/u);
      const open = await send(serving, { headers, body: '"\\'.repeat(7_000_000) });
      assert.deepStrictEqual([open.status, ...readError(open)], [400, -32700, null]);
    });

    it('answers every request it does not take under the id of that request', async () => {
      const serving = await serve();
      const open = { 'Mcp-Session-Id': await openMcpSession(serving) };
      const newer = { 'MCP-Protocol-Version': '2026-07-28' };
      const request = (method: string, params: object = {}): string =>
        JSON.stringify({ jsonrpc: '2.0', id: 'a-7', method, params });
      const again = JSON.stringify({ ...initialize, id: 'a-7' });
      const rows: readonly (readonly [RawRequest, number, number])[] = [
        [{ body: request('server/discover') }, 400, -32601],
        [{ body: request('server/discover'), headers: newer }, 400, -32601],
        [{ body: request('server/discover'), headers: { ...newer, ...open } }, 400, -32601],
        [{ body: request('no/such'), headers: newer }, 400, -32601],
        [{ body: request('tools/list') }, 400, -32600],
        [{ body: request('tools/list'), headers: newer }, 400, -32600],
        [{ body: request('tools/list'), headers: { ...newer, ...open } }, 400, -32600],
        [{ body: request('ping') }, 400, -32600],
        [{ body: again, headers: open }, 400, -32600],
        [{ body: request('ping'), headers: { 'Mcp-Session-Id': 'made-up' } }, 404, -32001],
        [{ body: request('ping'), headers: { ...open, Accept: 'text/html' } }, 406, -32000],
        [{ body: '{"jsonrpc":"2.0","id":"a-7"}', headers: open }, 400, -32600],
      ];
      for (const [raw, status, code] of rows) {
        const reply = await send(serving, raw);
        const seen = [reply.status, ...readError(reply)];
        assert.deepStrictEqual(seen, [status, code, 'a-7'], JSON.stringify(raw));
      }
      const unknown = await send(serving, { headers: open, body: request('server/discover') });
      assert.match(unknown.text, /"code":-32601/u);
      assert.match(unknown.text, /"id":"a-7"/u);
    });

    it('refuses a batch with one bad message as a whole, under the id of each request in it', async () => {
      const serving = await serve();
      const headers = { 'Mcp-Session-Id': await openMcpSession(serving) };
      const batch = [4, 6].map((id) => ({ jsonrpc: '2.0', id, method: 'ping' }));
      const ids = async (body: unknown, more: Record<string, string> = headers) => {
        const { text, status } = await send(serving, { headers: more, body: JSON.stringify(body) });
        return [status, [JSON.parse(text) as { id: unknown }].flat().map(({ id }) => id)];
      };
      assert.deepStrictEqual(await ids([...batch, { id: 5 }]), [400, [4, 6, 5]]);
      assert.deepStrictEqual(await ids(batch, {}), [400, [4, 6]]);
      assert.deepStrictEqual(await ids([...batch, initialize]), [400, [4, 6, 1]]);
    });

    it('refuses a body that is too large under its id', async () => {
      const serving = await serve({ limits: { maxBodyBytes: 100_000 } });
      const long = 'x'.repeat(200_000);
      const bodies = [
        `{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":"${long}"}}`,
        `{"method":"ping","params":{"a":"${long}"},"jsonrpc":"2.0","id":7}`,
      ];
      for (const body of bodies) {
        const reply = await send(serving, { body });
        assert.deepStrictEqual([reply.status, ...readError(reply)], [413, -32600, 7]);
      }
    });

    it('takes large bodies under the cap', async () => {
      const client = await connect(await serve());
      const id = await openSession(client, { context_text: 'x'.repeat(900_000) });
      const step = await callOk(client, 'rlm_run_repl', { session_id: id, code: 'context.length' });
      assert.deepStrictEqual(step['result'], '900000');
    });
  });

  describe('connections', () => {
    const pollGap = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

    it('of strangers make room for newcomers, and never those of a client', async () => {
      const serving = await serve({ limits: { maxStrangers: 20 } });
      const client = await connect(serving);
      const starts = [
        '',
        'POST /mcp HT',
        `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${serving.port}\r\n`,
      ];
      const sockets: net.Socket[] = [];
      let closed = 0;
      for (let index = 0; index < 300; index += 1) {
        const socket = await connectRaw(serving.port);
        socket.once('close', () => (closed += 1));
        socket.write(starts[index % starts.length] ?? '');
        socket.resume();
        sockets.push(socket);
      }
      const newcomer = await connect(serving);
      await newcomer.ping();
      while (closed < 280) {
        await pollGap();
      }
      assert.deepStrictEqual(
        sockets.slice(-19).map((socket) => socket.destroyed),
        Array.from({ length: 19 }, () => false),
      );
      await client.ping();
      sockets.forEach((socket) => socket.destroy());
    });
  });

  describe('sessions', () => {
    /** An MCP session with an open stream, and a way to ask whether it is still there. */
    const openBusySession = async (serving: TokenServing) => {
      const headers = { 'Mcp-Session-Id': await openMcpSession(serving) };
      const stream = begin(serving, { method: 'GET', headers });
      const [response] = (await once(stream, 'response')) as [http.IncomingMessage];
      assert.deepStrictEqual(response.statusCode, 200);
      return { stream, ping: () => sendStatus(serving, { headers, body: ping }) };
    };

    it('are capped; idle ones make room, busy ones do not', async () => {
      const serving = await serve({ limits: { maxSessions: 2, evictAfterMs: 0 } });
      const busy = await openBusySession(serving);
      const idle = await openMcpSession(serving);
      await openMcpSession(serving);
      const headers = { 'Mcp-Session-Id': idle };
      assert.deepStrictEqual(await sendStatus(serving, { headers, body: ping }), 404);
      assert.deepStrictEqual(await busy.ping(), 200);
      busy.stream.destroy();
      const strict = await serve({ limits: { maxSessions: 1 } });
      await openMcpSession(strict);
      const refused = await send(strict);
      assert.deepStrictEqual([refused.status, refused.headers['retry-after']], [503, '60']);
    });

    it('expire when idle, and not while a stream is open', async () => {
      const serving = await serve({ limits: { idleMs: 300 } });
      const busy = await openBusySession(serving);
      await openMcpSession(serving);
      while (engine.traces.listenerCount > 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepStrictEqual(await busy.ping(), 200);
      busy.stream.destroy();
    });

    it('take only so many calls at a time, and one stream for all else', async () => {
      const serving = await serve({ limits: { maxOpenResponses: 2 } });
      const headers = { 'Mcp-Session-Id': await openMcpSession(serving) };
      const get = { method: 'GET', headers };
      const stream = begin(serving, get);
      const [response] = (await once(stream, 'response')) as [http.IncomingMessage];
      assert.deepStrictEqual(response.statusCode, 200);
      assert.deepStrictEqual(await sendStatus(serving, get), 409);
      const sessionId = (
        await engine.sessions.openSession(
          { context: { text: 'x', paths: [] }, language: 'javascript', title: '', limits: {} },
          new AbortController().signal,
        )
      ).id;
      const params = {
        name: 'rlm_run_repl',
        arguments: { session_id: sessionId, code: 'sleep(60000)' },
      };
      const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
      const call = send(serving, {
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params }),
      });
      await slept;
      const list = '{"jsonrpc":"2.0","id":11,"method":"tools/list"}';
      const refused = await send(serving, { headers, body: list });
      assert.deepStrictEqual([refused.status, refused.headers['retry-after']], [429, '1']);
      assert.deepStrictEqual(readError(refused), [-32000, 11]);
      const taken = [
        '{"jsonrpc":"2.0","method":"notifications/initialized"}',
        '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
        '{"jsonrpc":"2.0","id":0,"result":{}}',
        '{"jsonrpc":"2.0","id":0,"error":{"code":-1,"message":"no"}}',
        '[{"jsonrpc":"2.0","id":0,"result":{}},{"jsonrpc":"2.0","method":"notifications/x"}]',
      ];
      for (const body of taken) {
        assert.deepStrictEqual(await sendStatus(serving, { headers, body }), 202, body);
      }
      assert.deepStrictEqual(await sendStatus(serving, { headers, body: ping }), 200);
      engine.sandboxes[0]?.wake();
      assert.match((await call).text, /step_index/u);
      stream.destroy();
    });
  });

  describe('listening', () => {
    it('is on loopback only', async function () {
      const serving = await serve();
      assert.deepStrictEqual(serving.url, `http://127.0.0.1:${serving.port}/mcp`);
      const outside = Object.values(os.networkInterfaces())
        .flatMap((all) => all ?? [])
        .find(({ family, internal }) => family === 'IPv4' && !internal);
      if (!outside) {
        this.skip();
      }
      const socket = net.connect({ host: outside.address, port: serving.port });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      assert.deepStrictEqual(error.code, 'ECONNREFUSED');
    });

    it('makes a token of its own each time, and refuses a weak one', async () => {
      const [first, second] = [await serve(), await serve()];
      assert.ok(first.token.length >= 43 && first.token !== second.token);
      await assert.rejects(serveHttp(engine, { token: 'short' }), { code: 'INVALID_INPUT' });
    });

    it('says that a port is in use', async () => {
      const { port } = await serve();
      await assert.rejects(serveHttp(engine, { port }), { code: 'BACKEND_UNAVAILABLE' });
    });

    it('dispose answers running calls, cancels them, closes streams and sockets, and can be repeated', async () => {
      const serving = await serve();
      const client = await connect(serving);
      const id = await openSession(client);
      const slept = new Promise<void>((resolve) => engine.sandboxes[0]?.onDidSleep(resolve));
      const call = callTool(client, 'rlm_run_repl', { session_id: id, code: 'sleep(60000)' });
      const answered = assertEnded(call);
      await slept;
      await Promise.all([serving.dispose(), serving.dispose()]);
      await answered;
      await client.close();
      const session = await engine.sessions.findSession(id);
      await session.finalize({ text: 'x' }, new AbortController().signal);
      assert.deepStrictEqual(session.summary.usage.steps, 1);
    });
  });

  it('the token is in no reply, trace or status', async () => {
    const serving = await serve();
    const client = await connect(serving);
    const id = await openSession(client);
    const replies = await Promise.all([
      callTool(client, 'rlm_status'),
      callTool(client, 'rlm_get_trace', { session_id: id }),
      callTool(client, 'rlm_list_sessions'),
      client.readResource({ uri: 'rlm://status' }),
      client.readResource({ uri: `rlm://sessions/${id}` }),
    ]);
    assert.deepStrictEqual(JSON.stringify(replies).includes(serving.token), false);
  });
});
