// One connection of the code from its start to its end: a request or a tunnel to a server, or the refusal of it.
// Bounds of time and bytes are kept here; whether it may go anywhere is not judged here.

import {
  type ClientRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  request as requestHttp,
} from 'node:http';
import { type LookupFunction, type Socket, connect, isIPv6 } from 'node:net';
import { type Duplex, Transform, pipeline } from 'node:stream';
import type { NetworkUse } from '../../../core/networkRecord';
import { type NetworkTarget, toTargetText } from '../../../core/networkRules';
import { withoutConnection } from './forwardedHeaders';
import type { NetworkLimits } from './networkLimits';

type Use = Omit<NetworkUse, 'connections'>;

export interface PassageParts {
  readonly limits: NetworkLimits;
  /** False: that was more than there is. */
  readonly spend: (bytes: number) => boolean;
  /** Once. */
  readonly onEnd: (use: Use) => void;
}

interface ForwardedRequest {
  readonly target: NetworkTarget;
  readonly addresses: readonly string[];
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** For the code to read why, before its connection is closed. */
const farewellMs = 2_000;
const maxShownTarget = 200;

export class NetworkPassage {
  readonly #stream: Duplex;
  readonly #parts: PassageParts;
  #use: Use = {
    ...{ host: '', port: 0, verdict: 'failed', reason: 'it ended before it asked for anything' },
    ...{ sentBytes: 0, receivedBytes: 0 },
  };
  #upstream: Socket | ClientRequest | null = null;
  #timer: NodeJS.Timeout;
  #hasTarget = false;
  #isAnswered = false;
  #isComplete = false;
  #isCut = false;
  #hasEnded = false;

  constructor(stream: Duplex, parts: PassageParts) {
    this.#stream = stream;
    this.#parts = parts;
    const { headMs } = parts.limits;
    this.#timer = this.#after(headMs, () => this.cut('its request did not come in time'));
    stream.on('close', () => this.#end());
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  setTarget({ host, port }: NetworkTarget): void {
    clearTimeout(this.#timer);
    this.#hasTarget = true;
    const reason = 'it ended before it was let through';
    this.#use = { ...this.#use, host: host.text, port, reason };
  }

  /** `asked`: what could not be read as a target. */
  refuse(status: 400 | 403, reason: string, asked?: string): void {
    const host = asked === undefined ? {} : { host: asked.slice(0, maxShownTarget) };
    this.#use = { ...this.#use, ...host, verdict: 'refused', reason };
    this.#say(status === 400 ? '400 Bad Request' : '403 Forbidden');
  }

  /** What it sent is no request, or it ended in the middle of one. */
  breakOff({ message }: Error): void {
    if (this.#hasTarget) {
      this.cut(`cut: ${message}`);
    } else {
      this.refuse(400, `no HTTP request: ${message}`);
    }
  }

  fail(reason: string): void {
    this.#use = { ...this.#use, verdict: 'failed', reason };
    this.#say('502 Bad Gateway');
  }

  /** Ends it where it is. */
  cut(reason: string): void {
    const isTold = this.#isComplete || this.#isCut || this.#use.verdict === 'refused';
    if (!this.#hasEnded && !isTold) {
      this.#isCut = true;
      this.#use = { ...this.#use, reason };
    }
    this.#upstream?.destroy();
    this.#stream.destroy();
    this.#end();
  }

  tunnel({ host, port }: NetworkTarget, addresses: readonly string[]): void {
    const { connectMs } = this.#parts.limits;
    const socket = connect({
      ...{ host: host.text, port, allowHalfOpen: true, autoSelectFamily: true },
      lookup: lookUpIn(addresses),
    });
    this.#upstream = socket;
    this.#timer = this.#after(connectMs, () => socket.destroy(new Error('it took too long')));
    socket.once('connect', () => {
      this.#letThrough();
      this.#stream.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      pipeline(this.#stream, this.#meter('sentBytes'), socket, (error) => this.#settle(error));
      pipeline(socket, this.#meter('receivedBytes'), this.#stream, (error) => this.#settle(error));
    });
    socket.on('error', (error) => this.#lose(error));
  }

  request({ target, addresses, path, headers, request, response }: ForwardedRequest): void {
    try {
      const upstream = requestHttp({
        ...{ host: target.host.text, port: target.port, method: request.method ?? 'GET', path },
        ...{ headers, agent: false, setHost: false, insecureHTTPParser: false },
        ...{ maxHeaderSize: this.#parts.limits.maxHeadBytes, autoSelectFamily: true },
        lookup: lookUpIn(addresses),
      });
      this.#upstream = upstream;
      const { connectMs } = this.#parts.limits;
      this.#timer = this.#after(connectMs, () => upstream.destroy(new Error('it took too long')));
      upstream.once('socket', (socket) => socket.once('connect', () => this.#letThrough()));
      upstream.on('error', (error) => this.#lose(error));
      upstream.on('response', (answer) => this.#answer(answer, response));
      pipeline(request, this.#meter('sentBytes'), upstream, () => undefined); // its error is upstream's
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #answer(answer: IncomingMessage, response: ServerResponse): void {
    try {
      response.writeHead(answer.statusCode ?? 502, {
        ...withoutConnection(answer.headers),
        connection: 'close',
      });
      this.#isAnswered = true;
      pipeline(answer, this.#meter('receivedBytes'), response, (error) => {
        if (error) {
          this.#lose(error);
        } else {
          this.#isComplete = true;
          this.#timer = this.#after(farewellMs, () => this.#stream.destroy());
        }
      });
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #letThrough(): void {
    this.#use = { ...this.#use, verdict: 'allowed', reason: null };
    this.#keepAlive();
  }

  /** Counts what passes, and ends what is idle or too much. */
  #meter(field: 'sentBytes' | 'receivedBytes'): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#use = { ...this.#use, [field]: this.#use[field] + chunk.length };
        this.#keepAlive();
        if (this.#parts.spend(chunk.length)) {
          done(null, chunk);
        } else {
          this.cut(`cut: ${this.#parts.limits.maxBytesText}`);
        }
      },
    });
  }

  #keepAlive(): void {
    if (this.#use.verdict === 'allowed' && !this.#isComplete) {
      const { idleMs } = this.#parts.limits;
      this.#timer = this.#after(idleMs, () => this.cut(`cut: it was idle for ${idleMs / 1_000} s`));
    }
  }

  #settle(error: NodeJS.ErrnoException | null): void {
    if (error) {
      this.#lose(error);
    }
  }

  /** The server, or the way to it, is gone before its end. */
  #lose(error: Error): void {
    if (this.#hasEnded) {
      return;
    }
    const code = 'code' in error ? String(error.code) : error.message;
    if (this.#use.verdict === 'allowed' || this.#isAnswered) {
      this.cut(`cut: ${code}`);
    } else {
      this.fail(`it cannot be reached: ${code}`);
    }
  }

  #say(status: string): void {
    const { host, port, reason } = this.#use;
    const where = host === '' || port === 0 ? 'a connection' : toShown(host, port);
    const text = `The sandbox lets no connection through to ${where}: ${reason ?? ''}. Only the user can allow hosts (rlm.sandbox.network, RLM_SANDBOX_NETWORK).\n`;
    const body = Buffer.from(text);
    const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    this.#isComplete = true;
    this.#upstream?.destroy();
    this.#stream.end(Buffer.concat([Buffer.from(head), body]));
    this.#stream.resume();
    this.#timer = this.#after(farewellMs, () => this.#stream.destroy());
  }

  #after(ms: number, run: () => void): NodeJS.Timeout {
    clearTimeout(this.#timer);
    return setTimeout(run, ms).unref();
  }

  #end(): void {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#upstream?.destroy();
    this.#parts.onEnd(this.#use);
  }
}

function toShown(host: string, port: number): string {
  const kind = isIPv6(host) ? 'ipv6' : 'name';
  return toTargetText({ host: { kind, text: host }, port });
}

/** What a name has been judged by: nobody asks again. */
function lookUpIn(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_name, options, callback) => {
    const [first] = found;
    if (options.all) {
      callback(null, found);
    } else {
      callback(null, first?.address ?? '', first?.family);
    }
  };
}
