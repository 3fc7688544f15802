// Which requests of a server that went away are asked again, and what the pipe refuses by itself.

import type { JSONRPCRequest } from '@modelcontextprotocol/sdk/types.js';
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

export function toError(
  { id }: Pick<JSONRPCRequest, 'id'>,
  rpcCode: number,
  text: string,
): RpcResponse {
  return { jsonrpc: '2.0', id, error: { code: rpcCode, message: text } };
}
