// JSON-RPC messages as they come in: parsed within bounds, and refused with the id of their request.

import {
  ClientRequestSchema,
  ErrorCode as RpcErrorCode,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type RequestId,
  isInitializeRequest,
  isJSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { exceedsJsonDepth, maxJsonDepth } from './jsonText';

/** One message, or one line of them, on any transport. Larger texts are read by `context_paths`. */
export const maxMessageBytes = 16_000_000;
const maxBatch = 100;

/** Why a message is not answered by its handler. `id`: of the request at fault; null: unknown. */
export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly id: RequestId | null;
}

export type ParsedMessages =
  | { readonly kind: 'parsed'; readonly messages: JSONRPCMessage | readonly JSONRPCMessage[] }
  | { readonly kind: 'refused'; readonly fault: RpcFault };

/** A message, or a batch of 1 to 100. Takes time in proportion to the length of `bytes`. */
export function parseMessages(bytes: Uint8Array): ParsedMessages {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refused(RpcErrorCode.ParseError, 'The message is not UTF-8.');
  }
  if (exceedsJsonDepth(text)) {
    const message = `The message is nested more than ${maxJsonDepth} levels deep.`;
    return refused(RpcErrorCode.InvalidRequest, message);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused(RpcErrorCode.ParseError, 'The message is not JSON.');
  }
  return Array.isArray(value) ? parseBatch(value) : parseOne(value);
}

function parseBatch(values: readonly unknown[]): ParsedMessages {
  if (values.length === 0 || values.length > maxBatch) {
    return refused(RpcErrorCode.InvalidRequest, `A batch holds 1 to ${maxBatch} messages.`);
  }
  const messages: JSONRPCMessage[] = [];
  for (const value of values) {
    const parsed = JSONRPCMessageSchema.safeParse(value);
    if (!parsed.success) {
      return refuseShape(value);
    }
    messages.push(parsed.data);
  }
  return { kind: 'parsed', messages };
}

function parseOne(value: unknown): ParsedMessages {
  const parsed = JSONRPCMessageSchema.safeParse(value);
  return parsed.success ? { kind: 'parsed', messages: parsed.data } : refuseShape(value);
}

function refuseShape(value: unknown): ParsedMessages {
  const text = 'The message is no JSON-RPC 2.0 request, notification or response.';
  return refused(RpcErrorCode.InvalidRequest, text, findId(value));
}

/** For a message that was not read because of its size. */
export function refuseLarge(maxBytes: number): ParsedMessages {
  const text = `The message is over ${maxBytes} bytes: load large texts by context_paths.`;
  return refused(RpcErrorCode.InvalidRequest, text);
}

function refused(code: number, message: string, id: RequestId | null = null): ParsedMessages {
  return { kind: 'refused', fault: { code, message, id } };
}

function findId(value: unknown): RequestId | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** The id of a single request; null for everything else. */
export function toRequestId(messages: unknown): RequestId | null {
  return isJSONRPCRequest(messages) ? messages.id : null;
}

const knownMethods: ReadonlySet<string> = new Set(
  ClientRequestSchema.options.map(({ shape }) => shape.method.value),
);

/**
 * What a message before `initialize` is refused with; null for one that may come first. Clients
 * that try a newer protocol first, by `server/discover`, fall back when they read "method not found"
 * under the id of their request.
 */
export function checkFirst(message: JSONRPCMessage): RpcFault | null {
  if (!isJSONRPCRequest(message) || isInitializeRequest(message) || message.method === 'ping') {
    return null;
  }
  return refuseMethod(message, 'Begin with an initialize request.');
}

/** "Method not found" for a method that no client of this protocol calls, else `reason`. */
export function refuseMethod(
  { id, method }: { readonly id: RequestId; readonly method: string },
  reason: string,
): RpcFault {
  return knownMethods.has(method)
    ? { code: RpcErrorCode.InvalidRequest, message: reason, id }
    : { code: RpcErrorCode.MethodNotFound, message: `Method not found: ${method}.`, id };
}

/** The response that carries a fault, as JSON text. */
export function toFaultText({ code, message, id }: RpcFault): string {
  return JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id });
}
