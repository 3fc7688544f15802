// Reads a request's JSON body within bounds, before anything is made of it.

import type { IncomingMessage } from 'node:http';
import { type Refusal, refuse } from './httpGuard';
import { exceedsJsonDepth } from './jsonText';

export type Body =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

const maxBatch = 100;
const parseError = -32700;
const invalidRequest = -32600;

/** @throws Error when the client went away in the middle. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  const bytes = await readBytes(request, maxBytes);
  if (!bytes) {
    return refused(413, `The body is over ${maxBytes} bytes: load large texts by context_paths.`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refused(400, 'The body is not UTF-8.', parseError);
  }
  if (exceedsJsonDepth(text)) {
    return refused(400, 'The body is nested more than 100 levels deep.', invalidRequest);
  }
  try {
    return checkBatch(JSON.parse(text));
  } catch {
    return refused(400, 'The body is not JSON.', parseError);
  }
}

function checkBatch(value: unknown): Body {
  if (Array.isArray(value) && (value.length === 0 || value.length > maxBatch)) {
    return refused(400, `A batch holds 1 to ${maxBatch} messages.`, invalidRequest);
  }
  return { kind: 'json', value };
}

/** Undefined when there are more than `maxBytes`, announced or sent. */
async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
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

function refused(status: number, message: string, code?: number): Body {
  return { kind: 'refused', refusal: refuse(status, message, code) };
}
