// A cluster keeps what a container writes to its output, which cannot be turned off. So what a guest sends is veiled
// with a key that goes over its input alone: who reads the kept lines learns their lengths. The other side: terminal.py.

import { createHash, randomBytes } from 'node:crypto';

export interface PodVeil {
  /** In hex. */
  readonly key: string;
  /** What the line of data with this number holds. */
  readonly unveil: (number: number, body: Buffer) => Buffer;
}

export function createPodVeil(key = randomBytes(32)): PodVeil {
  return {
    key: key.toString('hex'),
    unveil: (number, body) => {
      const nonce = Buffer.alloc(8);
      nonce.writeBigUInt64BE(BigInt(number));
      const hash = createHash('shake256', { outputLength: body.length }).update(key);
      const stream = hash.update(nonce).digest();
      return Buffer.from(body.map((byte, at) => byte ^ (stream[at] ?? 0)));
    },
  };
}
