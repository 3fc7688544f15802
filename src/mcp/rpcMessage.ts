// JSON-RPC messages as they come in: parsed within bounds, and refused with the ids of their requests.

import {
  ClientRequestSchema,
  ErrorCode as RpcErrorCode,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type RequestId,
  isInitializeRequest,
  isJSONRPCRequest,
} from '@modelcontextprotocol/sdk/types.js';
import type { MessageBytes } from './boundedBytes';
import { exceedsJsonDepth, maxJsonDepth } from './jsonText';
import { scanEnvelope } from './messageEnvelope';

/** One message, or one line of them, on any transport. Larger texts are read by `context_paths`. */
export const maxMessageBytes = 16_000_000;
const maxBatch = 100;
/** So many requests of a batch that is too long are answered, each with its error. */
const maxBatchFaults = 1_000;
const shapes = 'JSON-RPC 2.0 request, notification or response';

/** Why what came is not answered by its handlers. `ids`: of all its requests; empty where they are not known. */
export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly ids: readonly RequestId[];
}

export type ParsedMessages =
  | { readonly kind: 'parsed'; readonly messages: JSONRPCMessage | readonly JSONRPCMessage[] }
  | { readonly kind: 'refused'; readonly fault: RpcFault };

/**
 * A message, or a batch of 1 to 100, which is taken or refused as a whole. A response of the client's that
 * cannot be read becomes an error under its id, so that whoever asked hears of it. Takes time in proportion
 * to the length of the bytes.
 */
export function parseMessages(given: MessageBytes): ParsedMessages {
  if (given.kind === 'large') {
    const text = `The message is over ${maxMessageBytes} bytes: load large texts by context_paths.`;
    return refuseUnread(RpcErrorCode.InvalidRequest, text, given);
  }
  const { bytes } = given;
  const ends = { head: bytes, tail: bytes };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuseUnread(RpcErrorCode.ParseError, 'The message is not UTF-8.', ends);
  }
  if (exceedsJsonDepth(text)) {
    const message = `The message is nested more than ${maxJsonDepth} levels deep.`;
    return refuseUnread(RpcErrorCode.InvalidRequest, message, ends);
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
  const ids = values.flatMap((value) => findRequestIds(value)).slice(0, maxBatchFaults);
  if (values.length === 0 || values.length > maxBatch) {
    const text = `A batch holds 1 to ${maxBatch} messages, not ${values.length}: nothing of it was done.`;
    return refused(RpcErrorCode.InvalidRequest, text, ids);
  }
  const messages = values.map((value) => toMessage(value));
  const wrong = messages.indexOf(null);
  if (wrong >= 0) {
    const text = `Message ${wrong + 1} of this batch is no ${shapes}: nothing of the batch was done.`;
    return refused(RpcErrorCode.InvalidRequest, text, ids);
  }
  return { kind: 'parsed', messages: messages.filter((one) => one !== null) };
}

function parseOne(value: unknown): ParsedMessages {
  const message = toMessage(value);
  return message
    ? { kind: 'parsed', messages: message }
    : refused(RpcErrorCode.InvalidRequest, `The message is no ${shapes}.`, findRequestIds(value));
}

/** Null for what is no message. */
function toMessage(value: unknown): JSONRPCMessage | null {
  const parsed = JSONRPCMessageSchema.safeParse(value);
  if (parsed.success) {
    return parsed.data;
  }
  const id = findId(value);
  return id !== null && isResponseLike(value)
    ? toFailedResponse(id, 'The client answered with what is no JSON-RPC 2.0 response.')
    : null;
}

/** What was not parsed: its ends tell whom to answer. */
function refuseUnread(
  code: number,
  message: string,
  { head, tail }: { readonly head: Uint8Array; readonly tail: Uint8Array },
): ParsedMessages {
  const { kind, id } = scanEnvelope(head, tail);
  return kind === 'response' && id !== null
    ? {
        kind: 'parsed',
        messages: toFailedResponse(id, `The client’s answer was refused: ${message}`),
      }
    : refused(code, message, kind === 'request' && id !== null ? [id] : []);
}

function toFailedResponse(id: RequestId, message: string): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: RpcErrorCode.InvalidRequest, message } };
}

function refused(code: number, message: string, ids: readonly RequestId[] = []): ParsedMessages {
  return { kind: 'refused', fault: { code, message, ids } };
}

/** The id of what is or was meant as a request: the id of a response is not the client's. */
function findRequestIds(value: unknown): readonly RequestId[] {
  const id = isResponseLike(value) ? null : findId(value);
  return id === null ? [] : [id];
}

function isResponseLike(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !('method' in value) &&
    ('result' in value || 'error' in value)
  );
}

function findId(value: unknown): RequestId | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** The ids of all requests in a parsed body. */
export function toRequestIds(messages: unknown): readonly RequestId[] {
  const all: readonly unknown[] = Array.isArray(messages) ? messages : [messages];
  return all.flatMap((one) => (isJSONRPCRequest(one) ? [one.id] : []));
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
    ? { code: RpcErrorCode.InvalidRequest, message: reason, ids: [id] }
    : { code: RpcErrorCode.MethodNotFound, message: `Method not found: ${method}.`, ids: [id] };
}

/** The responses that carry a fault, one for each of its requests, as JSON text. */
export function toFaultTexts({ code, message, ids }: RpcFault): readonly string[] {
  const all = ids.length > 0 ? ids : [null];
  return all.map((id) => JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id }));
}
