// The socket that a server over HTTP listens on: plain, or under TLS by files that may be renewed meanwhile.

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type RequestListener, type Server, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type TLSSocket, createSecureContext } from 'node:tls';
import { RlmError, toRlmError } from '../core/errors';

export interface TlsFiles {
  /** PEM: the server's certificate, and those between it and the authority. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
}

/** Against clients that send slowly or hold connections. */
const socketLimits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 60_000,
  connectionsCheckingInterval: 1_000,
} as const;
const handshakeTimeout = 10_000;
const minVersion = 'TLSv1.2';
/** At a time; the one that takes longest makes room for the next. */
const maxHandshakes = 256;

export type Renewal =
  | { readonly kind: 'same' | 'renewed' }
  /** `reason`: for who runs the server. */
  | { readonly kind: 'failed'; readonly reason: string };

export class HttpListener {
  readonly server: Server;
  readonly #tls: TlsFiles | null;
  readonly #setContext: (pair: TlsPair) => void;
  #pair: TlsPair | null;
  /** Connections that have not shaken hands, by their peers. */
  readonly #handshakes = new Map<string, Socket>();

  private constructor(listener: RequestListener, tls: TlsFiles | null, pair: TlsPair | null) {
    this.#tls = tls;
    this.#pair = pair;
    if (pair) {
      const options = { ...socketLimits, ...pair, handshakeTimeout, minVersion } as const;
      const server = createTlsServer(options, listener);
      this.server = server;
      server.on('connection', (socket: Socket) => this.#beginHandshake(socket));
      server.on('secureConnection', (socket) => this.#handshakes.delete(toPeer(socket)));
      this.#setContext = (renewed) => server.setSecureContext({ ...renewed, minVersion });
    } else {
      this.server = createServer(socketLimits, listener);
      this.#setContext = () => undefined;
    }
  }

  /** @throws RlmError 'INVALID_INPUT' where the files hold no certificate with its key. */
  static async create(listener: RequestListener, tls: TlsFiles | null): Promise<HttpListener> {
    return new HttpListener(listener, tls, tls && (await readPair(tls)));
  }

  /** Connections come as this one; `connection` of a TLS server has not shaken hands yet. */
  get connectionEvent(): 'connection' | 'secureConnection' {
    return this.#tls ? 'secureConnection' : 'connection';
  }

  /** The port. @throws RlmError 'BACKEND_UNAVAILABLE' when it cannot be listened on. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      // Also later, where one connection cannot be accepted: the next one may be.
      this.server.on('error', (cause) => reject(toListenError(cause, port, host)));
      this.server.listen({ port, host, exclusive: true }, resolve);
    });
    return (this.server.address() as AddressInfo).port; // a TCP server that listens
  }

  /** At once, also those that have not shaken hands, which the server itself does not know. */
  closeConnections(): void {
    this.server.closeAllConnections();
    this.#handshakes.forEach((socket) => socket.destroy());
  }

  #beginHandshake(socket: Socket): void {
    const peer = toPeer(socket);
    this.#handshakes.set(peer, socket);
    socket.once('close', () => {
      if (this.#handshakes.get(peer) === socket) {
        this.#handshakes.delete(peer);
      }
    });
    const [first] = this.#handshakes.values();
    if (this.#handshakes.size > maxHandshakes) {
      first?.destroy();
    }
  }

  /** Takes renewed files; with broken ones it goes on with those it has, and says so. */
  async renew(): Promise<Renewal> {
    if (!this.#tls) {
      return { kind: 'same' };
    }
    try {
      const pair = await readPair(this.#tls);
      if (this.#pair?.cert.equals(pair.cert) && this.#pair.key.equals(pair.key)) {
        return { kind: 'same' };
      }
      this.#setContext(pair);
      this.#pair = pair;
      return { kind: 'renewed' };
    } catch (thrown) {
      return { kind: 'failed', reason: toRlmError(thrown).message };
    }
  }

  /** When the certificate in use ends, in epoch ms; null: there is none. */
  get certificateEndsAt(): number | null {
    const endsAt = this.#pair ? Date.parse(new X509Certificate(this.#pair.cert).validTo) : NaN;
    return Number.isNaN(endsAt) ? null : endsAt;
  }
}

/** The same of a connection and of what TLS makes of it, and of no other that is open. */
function toPeer({ remoteAddress, remotePort, localAddress }: Socket | TLSSocket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

async function readPair({ certificate, key }: TlsFiles): Promise<TlsPair> {
  try {
    const pair = { cert: await readFile(certificate), key: await readFile(key) };
    createSecureContext(pair);
    return pair;
  } catch (cause) {
    throw new RlmError(
      'INVALID_INPUT',
      `${certificate} and ${key} are no certificate and its key.`,
      {
        cause,
        nextStep: 'Give two PEM files that this user may read and that belong together.',
      },
    );
  }
}

function toListenError(cause: Error, port: number, host: string): RlmError {
  const isTaken = 'code' in cause && cause.code === 'EADDRINUSE';
  return new RlmError(
    'BACKEND_UNAVAILABLE',
    isTaken
      ? `Port ${port} on ${host} is in use.`
      : `Cannot listen on ${host}:${port}: ${cause.message}.`,
    { cause, nextStep: 'Choose another port, or 0 for any free one.' },
  );
}
