// Decides from a POST's headers and parsed body whether a session takes it. Every refusal carries the
// id of its request, so that the caller who waits for that id hears of it.

import type { IncomingHttpHeaders } from 'node:http';
import {
  SUPPORTED_PROTOCOL_VERSIONS,
  isInitializeRequest,
  isJSONRPCNotification,
  isJSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { type Refusal, refuse } from './httpGuard';
import { refuseMethod, toRequestIds } from './rpcMessage';

const needed: readonly string[] = ['application/json', 'text/event-stream'];

/** What the protocol wants of the headers of a POST; null when it is all there. */
export function checkHeaders(headers: IncomingHttpHeaders, messages: unknown): Refusal | null {
  const ids = toRequestIds(messages);
  if (!needed.every((type) => headers.accept?.includes(type))) {
    return { ...refuse(406, `Accept must list ${needed.join(' and ')}.`), ids };
  }
  const version = headers['mcp-protocol-version'];
  const isKnown = version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version));
  if (isKnown || isInitializeRequest(messages)) {
    return null;
  }
  const known = SUPPORTED_PROTOCOL_VERSIONS.join(', ');
  const text = `Unsupported protocol version ${String(version)}; supported: ${known}.`;
  return isJSONRPCRequest(messages)
    ? { status: 400, ...refuseMethod(messages, text) }
    : refuse(400, text);
}

/** For what comes before `initialize`, or without the id of the session that it opened. */
export function refuseWithoutSession(messages: unknown): Refusal {
  const text = 'Begin with an initialize request, then send its Mcp-Session-Id.';
  return isJSONRPCRequest(messages)
    ? { status: 400, ...refuseMethod(messages, text) }
    : refuse(400, text);
}

/** The method of a single request or notification; null for everything else. */
export function readMethod(messages: unknown): string | null {
  return isJSONRPCRequest(messages) || isJSONRPCNotification(messages) ? messages.method : null;
}

/**
 * Whether a body asks for work. A client that has many calls open must still be able to answer what
 * the server asks it, to cancel, and to ping: refusing those would leave the calls waiting for ever.
 */
export function countsAsCall(messages: unknown): boolean {
  const all: readonly unknown[] = Array.isArray(messages) ? messages : [messages];
  return all.some((one) => isJSONRPCRequest(one) && one.method !== 'ping');
}
