// What a browser must read before it lets a page of an allowed origin call. No other origin gets here.

import type { ServerResponse } from 'node:http';

const allowedHeaders =
  'Authorization, Content-Type, Accept, Mcp-Session-Id, Mcp-Protocol-Version, Last-Event-Id';

/** `origin`: of a page that may call; undefined: no page asks. */
export function allowPage(response: ServerResponse, origin: string | undefined): void {
  if (origin !== undefined) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', 'Mcp-Session-Id, WWW-Authenticate');
    response.setHeader('Vary', 'Origin');
  }
}

export function answerPreflight(response: ServerResponse): void {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, POST, DELETE',
    'Access-Control-Allow-Headers': allowedHeaders,
    'Access-Control-Max-Age': '600',
  });
  response.end();
}
