// A loopback proxy for programs that cannot send a bearer token: adds it, and passes on everything
// else as it came. A request for the proxy's own host becomes one for the server's; any other host
// is left as it is, for the server's guard to judge.

import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HeaderProxy {
  readonly url: string;
  readonly origin: string;
  /** Where it passes requests on to; set it before the first request. */
  target: { readonly port: number; readonly token: string } | undefined;
  /** Status codes of all answers so far, by the Host the client sent. */
  readonly statuses: ReadonlyMap<string, readonly number[]>;
  dispose(): Promise<void>;
}

export async function startHeaderProxy(): Promise<HeaderProxy> {
  const statuses = new Map<string, number[]>();
  const server = http.createServer((request, response) => {
    const { target } = proxy;
    const host = request.headers.host ?? '';
    const isOwn = `http://${host}` === proxy.origin;
    const forwarded = http.request({
      host: '127.0.0.1',
      port: target?.port,
      method: request.method,
      path: request.url,
      headers: {
        ...request.headers,
        host: isOwn ? `127.0.0.1:${target?.port}` : host,
        authorization: `Bearer ${target?.token}`,
      },
    });
    forwarded.on('response', (answer) => {
      statuses.set(host, [...(statuses.get(host) ?? []), answer.statusCode ?? 0]);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listens on TCP
  const proxy: HeaderProxy = {
    url: `${origin}/mcp`,
    origin,
    target: undefined,
    statuses,
    dispose: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return proxy;
}
