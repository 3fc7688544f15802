// What is left at a container server when a container of it cannot be started: a stand-in for the server.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
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
