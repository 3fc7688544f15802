// What a client hears of a request whose server went away before it answered, and which requests
// are asked again instead.

import { ErrorCode as RpcErrorCode, type JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
import type { ErrorCode } from '../core/errors';
import type { RpcResponse } from './link';

/** Asking these twice changes nothing. */
const repeatableMethods: readonly string[] = [
  'ping',
  'tools/list',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
];

const code: ErrorCode = 'BACKEND_UNAVAILABLE';
const message = 'The engine that ran this call ended before it answered.';
const nextStep =
  'See by rlm_get_trace, or rlm_list_sessions, how far it came; then call again: the next engine goes on.';

/** `readOnlyTools`: names of tools that change nothing. */
export function isRepeatable(
  { method, params }: JSONRPCRequest,
  readOnlyTools: ReadonlySet<string>,
): boolean {
  return (
    repeatableMethods.includes(method) ||
    (method === 'tools/call' && readOnlyTools.has(String(params?.['name'])))
  );
}

/** A tool call fails as its own failures do; everything else by an error of the protocol. */
export function toLostAnswer({ id, method }: JSONRPCRequest): RpcResponse {
  const error = { code, message, next_step: nextStep };
  if (method !== 'tools/call') {
    return {
      jsonrpc: '2.0',
      id,
      error: { code: RpcErrorCode.ConnectionClosed, message, data: error },
    };
  }
  const structuredContent = { error };
  const content = [{ type: 'text', text: JSON.stringify(structuredContent) }];
  return { jsonrpc: '2.0', id, result: { content, structuredContent, isError: true } };
}

export function toError(
  { id }: Pick<JSONRPCRequest, 'id'>,
  rpcCode: number,
  text: string,
): RpcResponse {
  return { jsonrpc: '2.0', id, error: { code: rpcCode, message: text } };
}
