// Port: what a server answers beside MCP, to those who run it.

import type { ServerResponse } from 'node:http';
import type { HttpCounts } from './httpObserver';

export interface HttpOperations {
  /** What keeps the server from working, in words that tell nothing of anybody; empty: it is ready. */
  findFaults(): Promise<readonly string[]>;
  /** In Prometheus' text format. */
  writeMetrics(counts: HttpCounts): Promise<string>;
  /** Source: RFC 9728, section 2. `url`: of the MCP endpoint. Null: tokens come from no authorization server. */
  describeResource(url: string): object | null;
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, { status, type: 'application/json', text: JSON.stringify(body) });
}

/** Source: Prometheus text exposition format 0.0.4. */
export function sendMetrics(response: ServerResponse, text: string): void {
  send(response, { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text });
}

function send(
  response: ServerResponse,
  { status, type, text }: { readonly status: number; readonly type: string; readonly text: string },
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  });
  response.end(text); // of a HEAD request Node leaves it out
}
