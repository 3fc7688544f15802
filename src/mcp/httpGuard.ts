// Decides from a request's head whether it is answered at all. Pure but for hashing.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestId } from '@modelcontextprotocol/sdk/types.js';

export interface Refusal {
  readonly status: number;
  /** JSON-RPC error code. */
  readonly code: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the requests that are refused; left out where they are not known. */
  readonly ids?: readonly RequestId[];
}

interface GuardRules {
  readonly port: number;
  readonly token: string;
  /** Origins of web pages that may call; normally none. */
  readonly allowedOrigins: readonly string[];
}

export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export const mcpPath = '/mcp';
const allowedMethods: readonly string[] = ['POST', 'GET', 'DELETE'];

/**
 * Null when the request may go on. The order is part of the contract: a web page learns nothing
 * but 403. Source: MCP 2025-11-25 transports, "Security Warning"; CVE-2025-66414, CVE-2026-24052.
 */
export function checkRequest(head: RequestHead, rules: GuardRules): Refusal | null {
  const { method, headers } = head;
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${rules.port}`);
  if (!hosts.includes(headers.host?.toLowerCase() ?? '')) {
    return refuse(403, 'The Host header is not this server.');
  }
  if (headers.origin !== undefined && !rules.allowedOrigins.includes(headers.origin)) {
    return refuse(403, 'Web pages may not call this server.');
  }
  if (method === 'OPTIONS') {
    return refuse(403, 'Cross-origin requests are not served.');
  }
  if (head.url !== mcpPath) {
    return refuse(404, `The only path is ${mcpPath}.`);
  }
  if (!allowedMethods.includes(method)) {
    return { ...refuse(405, 'Method not allowed.'), headers: { Allow: allowedMethods.join(', ') } };
  }
  if (!hasToken(headers.authorization, rules.token)) {
    return {
      ...refuse(401, 'The bearer token is missing or wrong.'),
      headers: { 'WWW-Authenticate': 'Bearer' },
    };
  }
  if (method === 'POST' && !isJson(headers['content-type'])) {
    return refuse(415, 'Content-Type must be application/json.');
  }
  return null;
}

export function refuse(status: number, message: string, code = -32000): Refusal {
  return { status, code, message };
}

/** Hashes make both sides equally long, so that the comparison takes the same time for any token. */
function hasToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/iu.exec(authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(hash(given), hash(token));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isJson(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'application/json';
}
