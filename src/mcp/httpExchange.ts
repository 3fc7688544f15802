// One request with its response, and what has become known of it on its way.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteName } from './httpGuard';
import type { Origination, TrustedProxies } from './httpHosts';
import type { HttpObserver } from './httpObserver';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly from: Origination;
  /** The proxy's, where a trusted one gave it. */
  readonly requestId: string;
  /** Null: none that is served. */
  route: RouteName | null;
  /** Null: nobody was identified, or there is only one. */
  user: string | null;
  rpcMethod: string | null;
}

export function beginExchange(
  request: IncomingMessage,
  response: ServerResponse,
  proxies: TrustedProxies,
): Exchange {
  const { headers, socket } = request;
  const from = proxies.read(socket.remoteAddress ?? '', headers, 'encrypted' in socket);
  const requestId = from.requestId ?? randomUUID();
  response.setHeader('X-Request-Id', requestId);
  return { request, response, from, requestId, route: null, user: null, rpcMethod: null };
}

/** Tells `observer` of the request when its response has ended. */
export function observeExchange(exchange: Exchange, observer: HttpObserver): void {
  const { request, response, from, requestId } = exchange;
  const startedAt = performance.now();
  response.once('close', () => {
    const { route, user, rpcMethod } = exchange;
    observer.requestEnded({
      requestId,
      user,
      address: from.address,
      method: request.method ?? '',
      route,
      rpcMethod,
      status: response.statusCode,
      durationMs: performance.now() - startedAt,
      isCutShort: !response.writableFinished,
    });
  });
}
