// Everything a hostile program on this machine can send to the endpoint of a real engine. Each row is
// refused or ignored, and another client is answered while it goes on.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type net from 'node:net';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { initialize } from '../../support/initialize';
import { readEndpoint, type RunningServer, startServer } from '../../support/engineProcess';
import { callOk, connectHttpClient, openSession } from '../../support/mcpClient';
import { connectRaw, sendRaw } from '../../support/rawSocket';
import { useTempFolder } from '../../support/tempFolder';

const initializeText = JSON.stringify(initialize);

describe('a hostile client', function () {
  this.timeout(120_000);
  const folder = useTempFolder();
  let server: RunningServer;
  let bystander: Client;
  let session: string;
  let port: number;
  let token: string;
  let sockets: net.Socket[];
  let steps: number;

  beforeEach(async () => {
    server = await startServer({ home: folder(), root: folder() });
    const endpoint = await readEndpoint(server.tokenFile);
    ({ token } = endpoint);
    port = Number(new URL(endpoint.url).port);
    bystander = await connectHttpClient(endpoint);
    session = await openSession(bystander);
    sockets = [];
    steps = 0;
  });
  afterEach(async () => {
    sockets.forEach((socket) => socket.destroy());
    await bystander.close();
    await server.end('SIGTERM');
    assert.equal(server.errors(), '');
  });

  const checkBystander = async (): Promise<void> => {
    const step = await callOk(bystander, 'rlm_run_repl', { session_id: session, code: '6 * 7' });
    steps += 1;
    assert.deepStrictEqual([step['result'], step['step_index']], ['42', steps]);
  };

  const head = (lines: readonly string[], start = 'POST /mcp HTTP/1.1'): string =>
    [start, ...lines, '', ''].join('\r\n');
  const own = (): string[] => [`Host: 127.0.0.1:${port}`];
  const good = (): string[] => [
    ...own(),
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
  ];
  const post = (body: string, more: readonly string[] = []): string =>
    head([...good(), ...more, `Content-Length: ${Buffer.byteLength(body)}`]) + body;

  const refuses = async (what: string, bytes: string | Buffer, wanted: readonly number[]) => {
    const { statuses, text } = await sendRaw(port, bytes);
    assert.deepStrictEqual(statuses, wanted, `${what}: ${text.slice(0, 300)}`);
    assert.equal(text.includes(token), false, what);
    assert.equal(/^mcp-session-id:/imu.test(text), false, `${what} opened a session`);
    await checkBystander();
  };

  it('half-open connections, slow heads and slow bodies keep nobody else waiting', async () => {
    const starts = [
      '',
      'POST /mcp HT',
      `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Slow: `,
      head([...good(), 'Content-Length: 1000000']) + '{',
      head([...good(), 'Transfer-Encoding: chunked']) + '5\r\n{"a"',
    ];
    for (let index = 0; index < 1_100; index += 1) {
      const socket = await connectRaw(port);
      socket.write(starts[index % starts.length] ?? '');
      sockets.push(socket);
    }
    await checkBystander();
    const another = await connectHttpClient(await readEndpoint(server.tokenFile));
    await another.ping();
    await another.close();
  });

  it('connections without the token make room for each other, and for newcomers', async () => {
    for (let index = 0; index < 1_100; index += 1) {
      sockets.push((await connectRaw(port)).resume());
    }
    const another = await connectHttpClient(await readEndpoint(server.tokenFile));
    await another.close();
    while (sockets.filter(({ destroyed }) => destroyed).length < 1_100 - 256) {
      await checkBystander(); // the closing of a socket is told in its own time
    }
  });

  it('request smuggling has no shape that gets through', async () => {
    const hidden = post(initializeText);
    const both = [...good(), 'Content-Length: 4', 'Transfer-Encoding: chunked'];
    await refuses('length and chunks', head(both) + `0\r\n\r\n${hidden}`, [400]);
    await refuses(
      'two lengths',
      head([...good(), 'Content-Length: 0', 'Content-Length: 9']),
      [400],
    );
    await refuses('a length list', head([...good(), 'Content-Length: 0, 9']) + hidden, [400]);
    await refuses('a negative length', head([...good(), 'Content-Length: -1']) + hidden, [400]);
    await refuses('a length with a sign', head([...good(), 'Content-Length: +2']) + '{}', [400]);
    await refuses('an unknown coding', head([...good(), 'Transfer-Encoding: xchunked']), [400]);
    await refuses('chunked not last', head([...good(), 'Transfer-Encoding: chunked, x']), [400]);
    await refuses('a space before the colon', head([...own(), 'Content-Length : 2']) + '{}', [400]);
    await refuses('a folded header', head([...own(), 'X-A: b\r\n c']) + hidden, [400]);
    await refuses('a bare line feed', head(own()).replaceAll('\r\n', '\n') + hidden, [400]);
    await refuses('a bare carriage return', head([...own(), 'X-A: b\rX-B: c']), [400]);
    await refuses('a NUL in a header', head([...own(), 'X-A: b\0c']), [400]);
    const chunked = head([...good(), 'Transfer-Encoding: chunked']);
    await refuses('a chunk size that is none', `${chunked}zz\r\n{}\r\n0\r\n\r\n`, [400]);
    await refuses('a chunk size beyond bounds', `${chunked}fffffffffffffffff\r\n{}`, [400]);
  });

  it('hosts and paths are compared as they were sent', async () => {
    const to = (start: string, host = `127.0.0.1:${port}`): string =>
      head([`Host: ${host}`, ...good().slice(1), 'Content-Length: 0'], start);
    await refuses('two hosts', head(['Host: evil.example', ...good(), 'Content-Length: 0']), [403]);
    await refuses('no host', head(good().slice(1)), [400]);
    await refuses('a host list', to('POST /mcp HTTP/1.1', `evil, 127.0.0.1:${port}`), [403]);
    await refuses('HTTP/1.0 without host', head(good().slice(1), 'POST /mcp HTTP/1.0'), [403]);
    await refuses('an absolute target', to('POST http://evil.example/mcp HTTP/1.1'), [404]);
    for (const path of [
      '//mcp',
      '/mcp/',
      '/MCP',
      '/mcp%00',
      '/x/../mcp',
      '/mcp#a',
      '/mcp?a',
      '*',
    ]) {
      await refuses(path, to(`POST ${path} HTTP/1.1`), [404]);
    }
  });

  it('other protocols and methods end at once', async () => {
    await refuses('TLS', Buffer.from('16030100a5010000a10303', 'hex'), [400]);
    await refuses('HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]);
    await refuses(
      'an upgrade',
      head([...own(), 'Connection: Upgrade', 'Upgrade: websocket']),
      [401],
    );
    await refuses('TRACE', head(good(), 'TRACE /mcp HTTP/1.1'), [405]);
    await refuses('CONNECT', head(own(), 'CONNECT evil.example:443 HTTP/1.1'), []);
    for (let index = 0; index < 20; index += 1) {
      const { statuses } = await sendRaw(port, randomBytes(4_000));
      assert.ok(statuses.every((status) => status === 400));
    }
    await checkBystander();
  });

  it('giant heads, deep and huge bodies are refused before they are read', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `X-${index}: a`);
    const giants = [
      head([...good(), `X-A: ${'a'.repeat(1_000_000)}`]),
      head([...good(), ...many]),
      head(good(), `POST /${'a'.repeat(1_000_000)} HTTP/1.1`),
    ];
    for (const giant of giants) {
      const { statuses } = await sendRaw(port, giant);
      assert.ok(statuses.every((status) => status === 431)); // none when cut off while it still sends
      await checkBystander();
    }
    await refuses('deep JSON', post('['.repeat(1_000_000)), [400]);
    await refuses('deep objects', post('{"a":'.repeat(100_000)), [400]);
    await refuses('a giant announcement', head([...good(), 'Content-Length: 99999999999']), [413]);
    const batch = `[${Array.from({ length: 101 }, () => initializeText).join(',')}]`;
    await refuses('a batch of 101', post(batch), [400]);
    await refuses('two initializations', post(`[${initializeText},${initializeText}]`), [400]);
    await refuses('millions of quotes', post(`"${'\\"'.repeat(3_000_000)}`), [400]);
    await refuses('no text', post('\0\0\0\0'), [400]);
    await refuses('a prototype', post('{"__proto__":{"method":"initialize"}}'), [400]);
  });

  it('a thousand pipelined requests without the token get one refusal', async () => {
    const one = head([...own(), 'Content-Type: application/json', 'Content-Length: 2']) + '{}';
    await refuses('pipelined', one.repeat(1_000), [401]); // the first; then the connection is closed
  });

  it('guessed sessions and tokens find nothing', async () => {
    const guess = (name: string, value: string): string =>
      post('{"jsonrpc":"2.0","id":1,"method":"ping"}', [`${name}: ${value}`, 'Connection: close']);
    for (let index = 0; index < 200; index += 1) {
      const { statuses } = await sendRaw(port, guess('Mcp-Session-Id', randomUUID()));
      assert.deepStrictEqual(statuses, [404]);
      const wrong = guess('X-A', 'b').replace(token, randomBytes(32).toString('base64url'));
      assert.deepStrictEqual((await sendRaw(port, wrong)).statuses, [401]);
    }
    await checkBystander();
  });

  it('a flood of sessions fills the places there are, and those who have one are served', async () => {
    const flood = Array.from({ length: 300 }, () =>
      sendRaw(port, post(initializeText, ['Connection: close'])).then(
        ({ statuses }) => statuses[0],
      ),
    );
    await checkBystander();
    const statuses = await Promise.all(flood);
    assert.deepStrictEqual([...new Set(statuses)].sort(), [200, 503]);
    assert.equal(statuses.filter((status) => status === 200).length, 63); // and the bystander's
    await checkBystander();
  });

  it('a thousand connections are let go of when their client goes', async function () {
    if (process.platform !== 'linux') {
      this.skip(); // /proc counts them
    }
    const countFiles = async () => (await readdir(`/proc/${server.child.pid}/fd`)).length;
    await checkBystander();
    const before = await countFiles();
    for (let index = 0; index < 1_000; index += 1) {
      sockets.push(await connectRaw(port));
    }
    await checkBystander();
    sockets.forEach((socket) => socket.destroy());
    while ((await countFiles()) > before + 2) {
      await checkBystander(); // the bystander's own connections come and go
    }
  });
});
