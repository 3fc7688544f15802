// HTTP to an engine on this machine, in the shape of `fetch`: no proxy, no redirects, no time-outs.

import { setMaxListeners } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { StreamableHTTPError } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';

/** One connection per request: none goes stale, and connecting on loopback costs next to nothing. */
const agent = new Agent({ keepAlive: false });
const bodilessStatuses: readonly number[] = [204, 205, 304];

/**
 * The platform's own fetch would cut streams that are silent for five minutes, and long steps are.
 * `onStreamEnd` is called when the stream of a GET request ends, or was refused.
 */
export function createLoopbackFetch(onStreamEnd: () => void): FetchLike {
  return (url, init = {}) =>
    new Promise<Response>((resolve, reject) => {
      const { method = 'GET', body, signal } = init;
      const isStream = method === 'GET';
      if (signal) {
        // A transport gives one signal to all its requests, and as many as clients ask are open at once.
        setMaxListeners(0, signal);
      }
      const sent = request(url, {
        agent,
        method,
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(signal ? { signal } : {}),
      });
      sent.on('error', (error) => {
        reject(error);
        if (isStream) {
          onStreamEnd();
        }
      });
      sent.once('response', (incoming) => {
        if (isStream) {
          incoming.once('close', onStreamEnd);
        }
        const { statusCode = 0 } = incoming;
        if (statusCode < 200 || (statusCode >= 300 && statusCode < 400)) {
          incoming.destroy();
          reject(new StreamableHTTPError(statusCode, 'redirects are not followed'));
        } else {
          resolve(toResponse(incoming, statusCode));
        }
      });
      sent.end(typeof body === 'string' ? body : undefined);
    });
}

function toResponse(incoming: IncomingMessage, status: number): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headersDistinct)) {
    value?.forEach((one) => headers.append(name, one));
  }
  if (bodilessStatuses.includes(status)) {
    incoming.resume();
    return new Response(null, { status, headers });
  }
  const body: NodeReadableStream = Readable.toWeb(incoming);
  return new Response(body as ReadableStream, { status, headers }); // one class under two type names
}
