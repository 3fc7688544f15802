// The proxy behind a place's loopback port: HTTP requests in absolute form, and CONNECT. Each connection is judged by
// the user's rules and by the addresses that its name has now, and goes to those addresses and no others. Open only
// while a step or a command runs; what it let through and refused is on record.

import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Disposable } from '../../../base/disposable';
import type { NetworkRecord } from '../../../core/networkRecord';
import { NetworkRules, parseTarget } from '../../../core/networkRules';
import { type NetworkLimits, networkLimits } from './networkLimits';
import { NetworkLog } from './networkLog';
import { NetworkPassage, type PassageParts } from './networkPassage';
import { type FindAddresses, judgeTarget } from './judgeTarget';
import { isBodyPlain, toForwardedHeaders } from './forwardedHeaders';

export interface NetworkProxyOptions {
  /** Patterns of networkRules.ts. */
  readonly allowed: readonly string[];
  /** The system's resolver, or a test's. */
  readonly findAddresses: FindAddresses;
  readonly limits?: NetworkLimits;
}

export class NetworkProxy implements Disposable {
  readonly #rules: NetworkRules;
  readonly #findAddresses: FindAddresses;
  readonly #limits: NetworkLimits;
  readonly #log = new NetworkLog();
  readonly #server: Server;
  readonly #passages = new Map<Duplex, NetworkPassage>();
  #isOpen = false;
  #leftBytes: number;

  constructor(options: NetworkProxyOptions) {
    this.#rules = new NetworkRules(options.allowed);
    this.#findAddresses = options.findAddresses;
    this.#limits = options.limits ?? networkLimits;
    this.#leftBytes = this.#limits.maxBytes;
    // It listens nowhere: it reads requests from the streams that it is given.
    this.#server = createServer({
      maxHeaderSize: this.#limits.maxHeadBytes,
      insecureHTTPParser: false,
      requireHostHeader: false, // the target says it
      keepAlive: false,
    });
    this.#server.maxRequestsPerSocket = 1;
    this.#server.on('connect', (request, stream, early) => {
      stream.unshift(early); // sent before it was answered
      void this.#tunnel(request, stream);
    });
    this.#server.on('request', (request, response) => void this.#forward(request, response));
    this.#server.on('clientError', (error, stream) => {
      this.#passages.get(stream)?.breakOff(error);
    });
  }

  /** A connection of the code. */
  accept(stream: Duplex): void {
    if (!this.#isOpen) {
      this.#refuseUnread(stream, 'no step and no command ran');
    } else if (this.#passages.size >= this.#limits.maxConnections) {
      this.#refuseUnread(stream, 'too many connections at once');
    } else {
      const passage = new NetworkPassage(stream, this.#createParts(stream));
      this.#passages.set(stream, passage);
      this.#server.emit('connection', stream);
    }
  }

  /** For a step or a command. */
  open(): void {
    this.#isOpen = true;
  }

  /** Cuts what is open. What there was since it was last closed; null: nothing. */
  close(): NetworkRecord | null {
    this.#isOpen = false;
    [...this.#passages.values()].forEach((passage) =>
      passage.cut('it was open when its step ended'),
    );
    return this.#log.take();
  }

  dispose(): void {
    this.#isOpen = false;
    [...this.#passages.values()].forEach((passage) => passage.cut('its session ended'));
    this.#server.close();
  }

  #createParts(stream: Duplex): PassageParts {
    return {
      limits: this.#limits,
      spend: (bytes) => {
        this.#leftBytes -= bytes;
        return this.#leftBytes >= 0;
      },
      onEnd: (use) => {
        this.#passages.delete(stream);
        this.#log.add(use);
      },
    };
  }

  #refuseUnread(stream: Duplex, reason: string): void {
    this.#log.add({ ...unread, reason });
    stream.destroy();
  }

  async #tunnel({ url = '' }: IncomingMessage, stream: Duplex): Promise<void> {
    const passage = this.#passages.get(stream);
    const target = parseTarget(url);
    if (!passage) {
      return;
    }
    if (!target) {
      passage.refuse(400, 'CONNECT needs host:port, written plainly', url);
      return;
    }
    const addresses = await this.#judge(passage, target);
    if (addresses) {
      passage.tunnel(target, addresses);
    }
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const passage = this.#passages.get(request.socket);
    const { url = '' } = request;
    const parts = /^http:\/\/([^/?#\\]*)([/?][^#\\]*)?$/iu.exec(url);
    const target = parts ? parseTarget(parts[1] ?? '', 80) : null;
    if (!passage) {
      return;
    }
    if (!target) {
      passage.refuse(400, 'a request needs http://host[:port]/… in whole, written plainly', url);
      return;
    }
    if (request.httpVersionMajor !== 1) {
      passage.refuse(400, 'a request needs HTTP/1.1', url);
      return;
    }
    if (!isBodyPlain(request)) {
      passage.refuse(400, 'a body takes no transfer coding but chunked', url);
      return;
    }
    const headers = toForwardedHeaders(request, target);
    const addresses = await this.#judge(passage, target);
    if (addresses) {
      const rest = parts?.[2] ?? '/';
      const path = rest.startsWith('/') ? rest : `/${rest}`;
      passage.request({ target, addresses, path, headers, request, response });
    }
  }

  /** Null: it has been refused. */
  async #judge(
    passage: NetworkPassage,
    target: NonNullable<ReturnType<typeof parseTarget>>,
  ): Promise<readonly string[] | null> {
    passage.setTarget(target);
    if (this.#leftBytes <= 0) {
      passage.refuse(403, this.#limits.maxBytesText);
      return null;
    }
    const verdict = await judgeTarget(target, {
      rules: this.#rules,
      findAddresses: this.#findAddresses,
      timeoutMs: this.#limits.connectMs,
    });
    if (passage.hasEnded) {
      return null; // its step ended meanwhile
    }
    switch (verdict.kind) {
      case 'allowed':
        return verdict.addresses;
      case 'refused':
        passage.refuse(403, verdict.reason);
        return null;
      case 'failed':
        passage.fail(verdict.reason);
        return null;
    }
  }
}

const unread = {
  host: '',
  port: 0,
  verdict: 'refused',
  sentBytes: 0,
  receivedBytes: 0,
} as const;
