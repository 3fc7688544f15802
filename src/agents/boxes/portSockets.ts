// Lets a container without a network reach ports of this machine's loopback: a socket in a folder for each, whose
// connections go on to the port.

import { mkdtemp, rm } from 'node:fs/promises';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface PortSockets {
  readonly folder: string;
  dispose(): void;
}

/** In a folder of its own that only this user may enter: paths of sockets are short, and the home's may not be. */
export async function openPortSockets(ports: readonly number[]): Promise<PortSockets> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rlm-box-'));
  const servers: Server[] = [];
  const open = new Set<Socket>();
  const dispose = (): void => {
    servers.forEach((server) => server.close());
    open.forEach((socket) => socket.destroy());
    void rm(folder, { recursive: true, force: true });
  };
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.once('close', () => open.delete(socket));
  };
  try {
    for (const port of ports) {
      const server = createServer({ allowHalfOpen: true }, (near) => {
        join(keep(near), keep(connect({ host: '127.0.0.1', port, allowHalfOpen: true })));
      });
      servers.push(server);
      await listen(server, path.join(folder, String(port)));
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return { folder, dispose };
}

function join(near: Socket, far: Socket): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.end());
  }
}

function listen(server: Server, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}
