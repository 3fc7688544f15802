// What is left at a container server when a container of it cannot be started: a stand-in for the server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { PassThrough } from 'node:stream';
import { EngineApi } from '../../../../src/sandbox/native/container/engineApi';
import { startEngineContainer } from '../../../../src/sandbox/native/container/engineContainer';

const id = 'a'.repeat(64);
const options = {
  ...{ imageId: `sha256:${id}`, name: 'rlm-test', owner: 'test', memoryBytes: 2 ** 20 },
  ...{ cpus: 1, maxProcesses: 1, fileBytes: 2 ** 20, pythonArgs: [] },
};

describe('a container that its server does not start', () => {
  it('is removed, since only one that has run goes by itself', async () => {
    let onRemoved: () => void = () => undefined;
    const removed = new Promise<void>((resolve) => (onRemoved = resolve));
    const server = createServer((request, response) => {
      const { method = '', url = '' } = request;
      const isCreate = url.includes('/containers/create');
      const isRemoval = method === 'DELETE' && url.includes(`/containers/${id}?force=1`);
      request.resume();
      response.statusCode = isCreate ? 201 : isRemoval ? 204 : 409;
      response.end(isRemoval ? '' : JSON.stringify(isCreate ? { Id: id } : { message: 'no' }));
      if (isRemoval) {
        onRemoved();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await assert.rejects(
      startEngineContainer(
        new EngineApi({ where: { host: '127.0.0.1', port }, tls: null }),
        options,
      ),
      /attach: 409/u,
    );
    await removed;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
});

describe('a container that its server runs', () => {
  it('is read no faster than its output is', async () => {
    const [pieces, pieceBytes] = [400, 60_000];
    const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32BE(pieceBytes, 4);
    const piece = Buffer.concat([head, Buffer.alloc(pieceBytes, 'x')]);
    const server = createServer((request, response) => {
      request.resume();
      response.statusCode = request.url?.includes('/containers/create') ? 201 : 204;
      response.end(response.statusCode === 201 ? JSON.stringify({ Id: id }) : '');
    });
    server.on('upgrade', (_request, socket) => {
      socket.on('error', () => undefined);
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      for (let number = 0; number < pieces; number += 1) {
        socket.write(piece);
      }
      socket.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const where = { where: { host: '127.0.0.1', port }, tls: null };
    const { output: out, ended } = await startEngineContainer(new EngineApi(where), options);
    const output = out as PassThrough; // which counts what waits on both its sides
    let [got, mostWaiting] = [0, 0];
    output.on('readable', () => undefined);
    while (got < pieces * pieceBytes) {
      const read = output.read(10_000) as Buffer | null; // without an encoding
      mostWaiting = Math.max(mostWaiting, output.readableLength + output.writableLength);
      got += read?.length ?? 0;
      for (let turn = 0; turn < 20; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve)); // what could come in meanwhile
      }
    }
    await ended;
    assert.deepStrictEqual([got, mostWaiting < 2_000_000], [pieces * pieceBytes, true]);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
});
