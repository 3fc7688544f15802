// A model for the Codex CLI that does what a script says: the streaming Responses API on loopback.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

export type Turn =
  | { readonly kind: 'say'; readonly text: string }
  | {
      readonly kind: 'call';
      /** `mcp__SERVER` for a tool of an MCP server. */
      readonly namespace: string;
      readonly name: string;
      readonly args: Readonly<Record<string, unknown>>;
    };

/** One turn for each answer of the model; `outputs` are those of the calls before, as texts. */
export type Script = readonly ((outputs: readonly string[]) => Turn)[];

export interface ScriptedModel {
  /** For a provider's `base_url`. */
  readonly url: string;
  close(): Promise<void>;
}

const requestSchema = z.object({
  input: z.array(z.looseObject({ type: z.string().optional(), output: z.unknown().optional() })),
});

/** Keeps no state: how far the script has come is what the request's own input shows. */
export async function startScriptedModel(script: Script): Promise<ScriptedModel> {
  const server = createServer((request, response) => {
    answer(script, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  script: Script,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request);
  if (request.method !== 'POST' || request.url !== '/v1/responses') {
    response.writeHead(404).end();
    return;
  }
  const { input } = requestSchema.parse(JSON.parse(body));
  const outputs = input
    .filter(({ type }) => type === 'function_call_output')
    .map(({ output }) => (typeof output === 'string' ? output : JSON.stringify(output)));
  const turn = script[outputs.length]?.(outputs) ?? { kind: 'say', text: 'The script has ended.' };
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  toEvents(turn).forEach(({ type, ...data }, sequence) => {
    const line = JSON.stringify({ type, sequence_number: sequence, ...data });
    response.write(`event: ${type}\ndata: ${line}\n\n`);
  });
  response.end();
}

interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

function toEvents(turn: Turn): readonly StreamEvent[] {
  const item = toItem(turn);
  const id = `resp_${randomUUID()}`;
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  return [
    { type: 'response.created', response: { id, object: 'response', status: 'in_progress' } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    {
      type: 'response.completed',
      response: { id, object: 'response', status: 'completed', output: [item], usage },
    },
  ];
}

function toItem(turn: Turn): object {
  switch (turn.kind) {
    case 'say':
      return {
        type: 'message',
        id: `msg_${randomUUID()}`,
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: turn.text, annotations: [] }],
      };
    case 'call':
      return {
        type: 'function_call',
        id: `fc_${randomUUID()}`,
        call_id: `call_${randomUUID()}`,
        namespace: turn.namespace,
        name: turn.name,
        arguments: JSON.stringify(turn.args),
        status: 'completed',
      };
  }
}
