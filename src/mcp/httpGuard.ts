// Decides from a request's head whether it is looked at at all, before anybody is asked who sends it. Pure.

import type { IncomingHttpHeaders } from 'node:http';
import type { RequestId } from '@modelcontextprotocol/sdk/types.js';
import { isServerHost } from './httpHosts';

export interface Refusal {
  readonly status: number;
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the requests that are refused; left out where they are not known. */
  readonly ids?: readonly RequestId[];
}

export type RouteName = 'mcp' | 'sse' | 'messages' | 'metrics' | 'metadata' | 'healthz' | 'readyz';

interface Route {
  readonly methods: readonly string[];
  /** `token`: only with one. `host`: only under the server's name. `open`: for anybody who can connect. */
  readonly access: 'token' | 'host' | 'open';
  readonly takesQuery: boolean;
}

export interface GuardRules {
  readonly port: number;
  /** Names of the server beside those of loopback. */
  readonly allowedHosts: readonly string[];
  /** Origins of web pages that may call; normally none. */
  readonly allowedOrigins: readonly string[];
  /** Paths that are served. */
  readonly routes: readonly RouteName[];
}

export interface RequestHead {
  readonly method: string;
  readonly url: string;
  /** As `Origination` has it. */
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
}

export type HeadVerdict =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** A page of an allowed origin asks whether it may call. */
  | { readonly kind: 'preflight' }
  | { readonly kind: 'route'; readonly route: RouteName; readonly needsToken: boolean };

export const mcpPath = '/mcp';
export const ssePath = '/sse';
export const messagesPath = '/messages';
/** Source: RFC 9728, section 3.1: the resource's own path follows. */
export const metadataPath = `/.well-known/oauth-protected-resource${mcpPath}`;

const routes: Readonly<Record<RouteName, Route>> = {
  mcp: { methods: ['POST', 'GET', 'DELETE'], access: 'token', takesQuery: false },
  sse: { methods: ['GET'], access: 'token', takesQuery: false },
  messages: { methods: ['POST'], access: 'token', takesQuery: true },
  metrics: { methods: ['GET'], access: 'token', takesQuery: false },
  metadata: { methods: ['GET'], access: 'host', takesQuery: false },
  healthz: { methods: ['GET', 'HEAD'], access: 'open', takesQuery: true },
  readyz: { methods: ['GET', 'HEAD'], access: 'open', takesQuery: true },
};
const paths: ReadonlyMap<string, RouteName> = new Map([
  [mcpPath, 'mcp'],
  [ssePath, 'sse'],
  [messagesPath, 'messages'],
  ['/metrics', 'metrics'],
  [metadataPath, 'metadata'],
  ['/.well-known/oauth-protected-resource', 'metadata'],
  ['/healthz', 'healthz'],
  ['/readyz', 'readyz'],
]);

/**
 * The order is part of the contract: a web page learns nothing but 403. Probes of a cluster name the
 * server by its address, so the two paths for them are served under any name, and tell nothing.
 * Source: MCP 2025-11-25 transports, "Security Warning"; CVE-2025-66414, CVE-2026-24052.
 */
export function checkHead(head: RequestHead, rules: GuardRules): HeadVerdict {
  const { method, headers, host } = head;
  const name = findRoute(head.url, rules.routes);
  const isOpen = name !== null && routes[name].access === 'open';
  const { port, allowedHosts: allowed } = rules;
  if (!isOpen && !isServerHost(host, { port, allowed })) {
    return refused(refuse(403, 'The Host header is not this server.'));
  }
  const { origin } = headers;
  const isAllowed = origin !== undefined && rules.allowedOrigins.includes(origin);
  if (origin !== undefined && !isAllowed) {
    return refused(refuse(403, 'Web pages may not call this server.'));
  }
  if (method === 'OPTIONS') {
    return isAllowed
      ? { kind: 'preflight' }
      : refused(refuse(403, 'Cross-origin requests are not served.'));
  }
  if (name === null) {
    return refused(refuse(404, `There is nothing at this path; MCP is at ${mcpPath}.`));
  }
  const { methods, access } = routes[name];
  if (!methods.includes(method)) {
    const refusal = refuse(405, 'Method not allowed.');
    return refused({ ...refusal, headers: { Allow: methods.join(', ') } });
  }
  return { kind: 'route', route: name, needsToken: access === 'token' };
}

/** What a body must say of itself, so that no web page can send one without asking first. */
export function checkContent({ method, headers }: RequestHead): Refusal | null {
  const isJson =
    headers['content-type']?.split(';')[0]?.trim().toLowerCase() === 'application/json';
  return method === 'POST' && !isJson
    ? refuse(415, 'Content-Type must be application/json.')
    : null;
}

export function refuse(status: number, message: string, code = -32000): Refusal {
  return { status, code, message };
}

/** For what would be taken a moment later. */
export function refuseForNow(status: number, message: string, waitMs: number): Refusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  return { ...refuse(status, message), headers: { 'Retry-After': String(seconds) } };
}

function findRoute(url: string, served: readonly RouteName[]): RouteName | null {
  const [path = '', ...query] = url.split('?');
  const name = paths.get(path);
  const isServed = name !== undefined && served.includes(name);
  return isServed && (query.length === 0 || routes[name].takesQuery) ? name : null;
}

function refused(refusal: Refusal): HeadVerdict {
  return { kind: 'refused', refusal };
}
