// A container by the Docker Engine API: made, attached to, started, and gone with its connection.

import { type Duplex, PassThrough } from 'node:stream';
import * as z from 'zod';
import type { PlaceProcess } from '../placeProcess';
import { AttachedReader } from './attachedStreams';
import type { EngineApi } from './engineApi';
import { type ContainerOptions, createContainerRequest } from './hardening';

const maxKeptChars = 2_000;
const anything = z.unknown();

/** Rejects when it cannot be started; nothing of it is left then. */
export async function startEngineContainer(
  api: EngineApi,
  options: ContainerOptions,
): Promise<PlaceProcess> {
  const path = `/containers/create?name=${options.name}`;
  const { Id: id } = await api.call(
    'POST',
    path,
    z.object({ Id: z.string().regex(/^[0-9a-f]{12,64}$/u) }),
    createContainerRequest(options),
  );
  let attached: Duplex | undefined;
  let isKilled = false;
  const kill = (): void => {
    isKilled = true;
    attached?.resume(); // its end is to be heard, whether or not somebody reads
    void api.call('POST', `/containers/${id}/kill`, anything).catch(() => undefined); // gone by itself
  };
  try {
    const socket = await api.attach(id); // before it starts, so that nothing of it is missed
    attached = socket;
    const output = new PassThrough();
    let said = '';
    const reader = new AttachedReader((stream, piece) => {
      if (stream === 1) {
        if (!isKilled && !output.write(piece)) {
          socket.pause(); // nothing piles up here where nobody reads
          output.once('drain', () => socket.resume());
        }
      } else {
        said = `${said}${piece.toString('utf8')}`.slice(-maxKeptChars);
      }
    });
    socket.on('data', (piece: Buffer) => {
      if (!reader.push(piece)) {
        said = 'its server sent what none sends';
        socket.destroy();
      }
    });
    socket.on('error', () => undefined); // its close says it
    const ended = new Promise<string>((resolve) => {
      socket.once('end', () => socket.end());
      socket.once('close', () => resolve(said.trim() || 'its container has ended'));
    });
    await api.call('POST', `/containers/${id}/start`, anything);
    return { input: socket, output, ended, kill };
  } catch (thrown) {
    // Whether it runs or not: only what has run goes by itself.
    void api.call('DELETE', `/containers/${id}?force=1`, anything).catch(() => undefined); // it has gone
    throw thrown;
  }
}
