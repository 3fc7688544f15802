// A container server reached by the Docker Engine API: the eight calls that a container needs. What it answers is
// checked.

import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Duplex } from 'node:stream';
import * as z from 'zod';
import type { EngineAddress } from './engineAddress';

const callTimeoutMs = 15_000;
const maxAnswerBytes = 8 * 2 ** 20;
/** Docker's and podman's servers speak it. */
const version = '/v1.41';

interface EngineAnswer {
  readonly status: number;
  readonly body: unknown;
}

export class EngineApi {
  readonly #address: EngineAddress;

  constructor(address: EngineAddress) {
    this.#address = address;
  }

  async call<T>(method: string, path: string, schema: z.ZodType<T>, json?: object): Promise<T> {
    const { status, body } = await this.#send(method, path, json);
    if (status >= 400) {
      const { message } = errorSchema.parse(body);
      throw new Error(`${message.slice(0, 300)} (${status})`);
    }
    return schema.parse(body);
  }

  /** The container's streams, in both directions. */
  attach(id: string): Promise<Duplex> {
    const query = 'stream=1&stdin=1&stdout=1&stderr=1';
    return new Promise((resolve, reject) => {
      const asked = this.#request({
        ...{ method: 'POST', path: `${version}/containers/${id}/attach?${query}` },
        headers: { Host: 'engine', Connection: 'Upgrade', Upgrade: 'tcp' },
        timeout: callTimeoutMs,
      });
      asked.once('timeout', () => asked.destroy(new Error('it does not answer')));
      asked.once('error', reject);
      asked.once('response', ({ statusCode }) => {
        asked.destroy();
        reject(new Error(`attach: ${statusCode}`));
      });
      asked.once('upgrade', (_answer, socket, head) => {
        socket.setTimeout(0);
        socket.unshift(head);
        resolve(socket);
      });
      asked.end();
    });
  }

  #request(options: RequestOptions): ClientRequest {
    const { where, tls } = this.#address;
    return tls ? requestTls({ ...where, ...tls, ...options }) : request({ ...where, ...options });
  }

  #send(method: string, path: string, json?: object): Promise<EngineAnswer> {
    const text = json === undefined ? '' : JSON.stringify(json);
    return new Promise((resolve, reject) => {
      const asked = this.#request({
        ...{ method, path: `${version}${path}`, agent: false },
        headers: {
          Host: 'engine',
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(text),
        },
        timeout: callTimeoutMs,
      });
      asked.once('timeout', () => asked.destroy(new Error('it does not answer')));
      asked.once('error', reject);
      asked.once('response', (answer) => void readAnswer(answer).then(resolve, reject));
      asked.end(text);
    });
  }
}

const errorSchema = z.object({ message: z.string().default('') }).catch({ message: 'an error' });

async function readAnswer(answer: IncomingMessage): Promise<EngineAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxAnswerBytes) {
      answer.destroy();
      throw new Error('its answer is too long');
    }
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  return { status: answer.statusCode ?? 500, body: text.trim() === '' ? null : JSON.parse(text) };
}
