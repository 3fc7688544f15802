// Reads a request's body within a bound, before anything is made of it.

import type { IncomingMessage } from 'node:http';
import { BoundedBytes, type MessageBytes } from './boundedBytes';

/** How long more of a body that is too large is read, for what its end says. */
const largeBodyMs = 5_000;
/** A body that is announced as so many times too large is not read at all. */
const hopelessTimes = 4;

/**
 * Only the ends of a body of more than `maxBytes`, and only its beginning where it does not end in time.
 * @throws Error when the client went away in the middle.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<MessageBytes> {
  if (Number(request.headers['content-length']) > maxBytes * hopelessTimes) {
    return { kind: 'large', head: Buffer.alloc(0), tail: Buffer.alloc(0) };
  }
  return new Promise((resolve, reject) => {
    const body = new BoundedBytes(maxBytes);
    let size = 0;
    let isCut = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      request.removeAllListeners('data');
      const read = body.take();
      resolve(read.kind === 'large' && isCut ? { ...read, tail: Buffer.alloc(0) } : read);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      body.add(chunk);
      if (size > maxBytes) {
        timer ??= setTimeout(() => {
          request.pause();
          isCut = true;
          settle();
        }, largeBodyMs).unref();
      }
    });
    request.once('end', settle);
    request.once('error', reject);
    request.once('close', () => {
      clearTimeout(timer);
      reject(new Error('The client went away.'));
    });
  });
}
