// Refuses a request over HTTP in good order: the client gets to read why, then the connection ends.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from './httpGuard';
import { toFaultTexts } from './rpcMessage';

/** How long a refused body may take to end. */
const lingerMs = 5_000;

/**
 * A body that was not read is drained for a while: a client that still sends would otherwise have
 * its connection reset, and see that instead of the answer.
 */
export function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Refusal,
): void {
  const { status, code, message, headers, ids = [] } = refusal;
  const texts = toFaultTexts({ code, message, ids });
  const body = texts.length > 1 ? `[${texts.join(',')}]` : String(texts[0]);
  const isWhole = request.complete || request.method !== 'POST';
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    ...headers,
    ...(request.complete ? {} : { Connection: 'close' }),
  });
  if (isWhole) {
    response.end(body);
    return;
  }
  response.write(body);
  const timer = setTimeout(() => request.destroy(), lingerMs).unref();
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => response.end());
  request.resume();
}
