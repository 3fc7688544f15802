import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLoopbackFetch } from '../../../src/join/loopbackFetch';

describe('createLoopbackFetch', () => {
  let server: Server;

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const serve = async (answer: RequestListener): Promise<string> => {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // a TCP server that listens
  };
  const ignore = (): void => undefined;

  it('sends method, headers and body, and gives status, headers and body', async () => {
    const url = await serve((request, response) => {
      response.writeHead(201, { 'x-seen': `${request.method} ${String(request.headers['x-a'])}` });
      request.pipe(response);
    });
    const response = await createLoopbackFetch(ignore)(url, {
      method: 'POST',
      headers: { 'x-a': 'b' },
      body: 'täxt',
    });
    assert.deepStrictEqual(
      [response.status, response.headers.get('x-seen'), await response.text()],
      [201, 'POST b', 'täxt'],
    );
  });

  it('gives a response without a body where there can be none', async () => {
    const url = await serve((_, response) => response.writeHead(204).end());
    const response = await createLoopbackFetch(ignore)(url, { method: 'DELETE' });
    assert.deepStrictEqual([response.status, response.body], [204, null]);
  });

  it('rejects redirects and refused connections', async () => {
    const url = await serve((_, response) => response.writeHead(302, { Location: '/x' }).end());
    const fetch = createLoopbackFetch(ignore);
    await assert.rejects(async () => fetch(url, { method: 'POST' }), /redirects are not followed/u);
    server.close();
    await once(server, 'close');
    await assert.rejects(async () => fetch(url, { method: 'POST' }), { code: 'ECONNREFUSED' });
    await serve(() => undefined);
  });

  it('tells when the stream of a GET ends, and of no other', async () => {
    const url = await serve((_, response) => response.end('data'));
    let ended: () => void = ignore;
    const told = new Promise<void>((resolve) => {
      ended = resolve;
    });
    let count = 0;
    const fetch = createLoopbackFetch(() => {
      count += 1;
      ended();
    });
    await (await fetch(url, { method: 'POST' })).text();
    assert.equal(count, 0);
    await (await fetch(url)).text();
    await told;
    assert.equal(count, 1);
  });

  it('lets a request go when its signal aborts', async () => {
    const url = await serve((_, response) => response.writeHead(200).flushHeaders());
    const controller = new AbortController();
    const response = await createLoopbackFetch(ignore)(url, {
      method: 'POST',
      signal: controller.signal,
    });
    const read = assert.rejects(response.text());
    controller.abort();
    await read;
  });
});
