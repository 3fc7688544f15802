// Reads a request's body within a bound, before anything is made of it.

import type { IncomingMessage } from 'node:http';

/**
 * Undefined when there are more than `maxBytes`, announced or sent; the rest is then left unread.
 * @throws Error when the client went away in the middle.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > maxBytes) {
    return undefined;
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (bytes: Buffer | undefined): void => {
      request.removeAllListeners('data');
      resolve(bytes);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        settle(undefined);
      } else {
        chunks.push(chunk);
      }
    });
    request.once('end', () => settle(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('close', () => reject(new Error('The client went away.')));
  });
}
