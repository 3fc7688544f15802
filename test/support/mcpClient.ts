// Real SDK clients for tests, over memory or HTTP, and what tests read from replies.

import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { CallToolResultSchema, type ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Engine } from '../../src/core/engine';
import { type McpServerOptions, createMcpServer } from '../../src/mcp/server';

export function createClient(capabilities: ClientCapabilities = {}): Client {
  return new Client({ name: 'test', version: '1.0.0' }, { capabilities });
}

/** A client of its own server object; closing the client closes the server. */
export async function connectClient(
  engine: Engine,
  options?: McpServerOptions,
  client = createClient(),
): Promise<Client> {
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  await createMcpServer(engine, options).connect(serverEnd);
  await client.connect(clientEnd);
  await client.listTools(); // from here on the client checks every reply against the output schema
  return client;
}

export async function connectHttpClient(
  endpoint: {
    readonly url: string;
    readonly token: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
  client = createClient(),
): Promise<Client> {
  const headers = { Authorization: `Bearer ${endpoint.token}`, ...endpoint.headers };
  const transport = new StreamableHTTPClientTransport(new URL(endpoint.url), {
    requestInit: { headers },
  });
  await client.connect(transport);
  await client.listTools();
  return client;
}

interface Reply {
  readonly isError: boolean;
  readonly text: string;
  /** The structured result. */
  readonly payload: Record<string, unknown>;
}

export async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
  options?: RequestOptions,
): Promise<Reply> {
  const raw = await client.callTool({ name, arguments: args }, CallToolResultSchema, options);
  const reply = CallToolResultSchema.parse(raw);
  const [block] = reply.content;
  assert.ok(block?.type === 'text');
  assert.ok(reply.structuredContent);
  return {
    isError: reply.isError === true,
    text: block.text,
    payload: reply.structuredContent,
  };
}

/** The structured result of a call that must succeed. */
export async function callOk(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
  options?: RequestOptions,
): Promise<Record<string, unknown>> {
  const reply = await callTool(client, name, args, options);
  assert.deepStrictEqual(reply.isError, false, reply.text);
  return reply.payload;
}

interface ToolError {
  readonly code: string;
  readonly message: string;
  readonly next_step: string;
}

/** The error of a call that must fail. */
export async function callError(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<ToolError> {
  const reply = await callTool(client, name, args);
  assert.deepStrictEqual(reply.isError, true, reply.text);
  assert.deepStrictEqual(JSON.parse(reply.text), reply.payload);
  const error = reply.payload['error'] as ToolError; // the output schema has been checked
  assert.ok(error.message.length > 0 && error.next_step.length > 0);
  return error;
}

/** Opens a session over a text and returns its id. */
export async function openSession(
  client: Client,
  args: Record<string, unknown> = {},
): Promise<string> {
  const opened = await callOk(client, 'rlm_init_context', {
    context_text: 'alpha\nbeta\ngamma',
    language: 'javascript',
    ...args,
  });
  return String(opened['session_id']);
}

/** Of a call whose engine ends: it fails with a code and a next step. */
export async function assertEnded(call: Promise<Reply>): Promise<void> {
  const { isError, payload } = await call;
  const { code, next_step: nextStep } = Object(payload['error']) as Partial<ToolError>; // its shape
  assert.deepStrictEqual([isError, code], [true, 'BACKEND_UNAVAILABLE']);
  assert.match(String(nextStep), /rlm_get_trace/u);
}
