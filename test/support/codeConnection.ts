// A connection of a sandbox's code, as its supervisor carries it, without a sandbox: frames go straight across.

import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import type { NetworkRecord } from '../../src/core/networkRecord';
import { networkLimits, type NetworkLimits } from '../../src/sandbox/native/network/networkLimits';
import { NetworkProxy } from '../../src/sandbox/native/network/networkProxy';

export interface ProxyTestOptions {
  readonly allowed: readonly string[];
  /** By name; others have none. A list of lists: what each look-up in turn finds. */
  readonly addresses?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly limits?: Partial<NetworkLimits>;
}

/** A proxy at a real socket, and how often it looked each name up. */
export class ProxyTest {
  readonly proxy: NetworkProxy;
  readonly lookups: string[] = [];
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.proxy.accept(socket));
  readonly #sockets = new Set<Socket>();

  constructor({ allowed, addresses = {}, limits }: ProxyTestOptions) {
    this.proxy = new NetworkProxy({
      allowed,
      limits: { ...networkLimits, ...limits },
      findAddresses: async (name) => {
        const times = this.lookups.filter((one) => one === name).length;
        this.lookups.push(name);
        const found = addresses[name];
        return found?.[Math.min(times, found.length - 1)] ?? [];
      },
    });
    this.proxy.open();
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** An open connection to it. */
  async connect(): Promise<Socket> {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#sockets.add(socket);
    const parts: Buffer[] = [];
    received.set(socket, parts);
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.once('end', () => socket.end());
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    return socket;
  }

  /** All that comes back for what is sent until it is closed, in Latin-1. */
  async ask(...pieces: readonly string[]): Promise<string> {
    const socket = await this.connect();
    pieces.forEach((piece) => socket.write(piece, 'latin1'));
    return readAll(socket);
  }

  /** One line for each use: `host:port verdict reason`. */
  take(): readonly string[] {
    const record = this.proxy.close();
    this.proxy.open();
    return toLines(record);
  }

  async dispose(): Promise<void> {
    this.proxy.dispose();
    this.#sockets.forEach((socket) => socket.destroy());
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function toLines(record: NetworkRecord | null): readonly string[] {
  return (record?.uses ?? []).map(
    ({ host, port, verdict, reason, connections }) =>
      `${host}:${port} ${verdict} ${connections}${reason === null ? '' : ` ${reason}`}`,
  );
}

const received = new WeakMap<Socket, Buffer[]>();

/** Once it is closed, all that came. */
export async function readAll(socket: Socket): Promise<string> {
  if (!socket.closed) {
    await once(socket, 'close');
  }
  return Buffer.concat(received.get(socket) ?? []).toString('latin1');
}
