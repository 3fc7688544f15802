// The headers of a request as they go on to the server: without those of this connection, and with the target's own
// name, whatever the code said.

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { type NetworkTarget, toTargetText } from '../../../core/networkRules';

/** Source: RFC 9110, section 7.6.1, and RFC 9112, 3.2.2. */
const ofConnection: readonly string[] = [
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

export function toForwardedHeaders(
  { headers }: IncomingMessage,
  target: NetworkTarget,
): OutgoingHttpHeaders {
  const host = toTargetText(target).replace(/:80$/u, '');
  return {
    ...withoutConnection(headers),
    ...{ host, connection: 'close' },
    // Else the body of a method that seldom has one would go on bare, as if it were the next request.
    ...(headers['transfer-encoding'] !== undefined && { 'transfer-encoding': 'chunked' }),
  };
}

/** Whether its body, once it has been read here, is what it was: no coding but pieces is undone. */
export function isBodyPlain({ headers }: IncomingMessage): boolean {
  return /^(?:chunked)?$/iu.test((headers['transfer-encoding'] ?? '').trim());
}

export function withoutConnection(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const kept = Object.entries(headers).filter(
    ([name]) => !ofConnection.includes(name) && !named.includes(name),
  );
  return Object.fromEntries(kept);
}
