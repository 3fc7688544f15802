// What a caller hears of a request that was open when its engine, or the connection to it, ended.

import {
  ErrorCode as RpcErrorCode,
  type JSONRPCErrorResponse,
  type JSONRPCRequest,
  type JSONRPCResultResponse,
  isJSONRPCErrorResponse,
} from '@modelcontextprotocol/sdk/types.js';
import type { ErrorCode } from '../core/errors';

type RpcResponse = JSONRPCResultResponse | JSONRPCErrorResponse;

const code: ErrorCode = 'BACKEND_UNAVAILABLE';
const message = 'The engine, or the connection to it, ended before this call was answered.';
const nextStep =
  'See by rlm_get_trace, or rlm_list_sessions, how far it came; then call again: the next engine goes on.';
/** By this a pipe knows that it may ask another engine. */
const mark = { engine_ended: true } as const;

/** A tool call fails as its own failures do; everything else by an error of the protocol. */
export function toEndedAnswer({ id, method }: JSONRPCRequest): RpcResponse {
  const error = { code, message, next_step: nextStep };
  if (method !== 'tools/call') {
    const data = { ...error, ...mark };
    return { jsonrpc: '2.0', id, error: { code: RpcErrorCode.ConnectionClosed, message, data } };
  }
  const structuredContent = { error };
  const content = [{ type: 'text', text: JSON.stringify(structuredContent) }];
  const result = { content, structuredContent, isError: true, _meta: mark };
  return { jsonrpc: '2.0', id, result };
}

export function isEndedAnswer(answer: RpcResponse): boolean {
  const carrier: unknown = isJSONRPCErrorResponse(answer) ? answer.error.data : answer.result._meta;
  return (
    typeof carrier === 'object' &&
    carrier !== null &&
    'engine_ended' in carrier &&
    carrier.engine_ended === true
  );
}
