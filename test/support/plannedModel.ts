// A model that does what the newest message to it says: OpenAI's streaming Responses API on loopback. It keeps no
// conversation, so any number of agents can use it at once:
//
//   plan([run('echo hi'), patch('*** Begin Patch…'), { say: 'done' }])
//
// makes the text of such a message. The next step is told by how many outputs of tools came after it. `{{session_id}}` in
// a call stands for the one in the newest output that has one.

import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import * as z from 'zod';

export type PlannedCall =
  | {
      readonly call: string;
      readonly args: Readonly<Record<string, unknown>>;
      /** `mcp__SERVER` for a tool of an MCP server. */
      readonly namespace?: string;
    }
  | { readonly custom: string; readonly input: string };

export type PlannedStep =
  | { readonly say: string; readonly reason?: string; readonly untilTold?: string }
  | PlannedCall
  | { readonly calls: readonly PlannedCall[] }
  /** Refused as often as it is asked. */
  | { readonly status: number }
  | { readonly fail: { readonly code: string; readonly message: string } }
  /** The stream breaks off. */
  | { readonly cut: true };

export const plan = (steps: readonly PlannedStep[]): string => `PLAN ${JSON.stringify(steps)}`;

/** A command of Codex's shell; `more` are arguments beside it. */
export const run = (cmd: string, more: Readonly<Record<string, unknown>> = {}): PlannedCall => ({
  call: 'exec_command',
  args: { cmd, yield_time_ms: 30_000, ...more },
});

/** A command that asks to run without the sandbox. */
export const runOutside = (cmd: string): PlannedCall =>
  run(cmd, { sandbox_permissions: 'require_escalated', justification: 'It must be so.' });

export const patch = (body: string): PlannedCall => ({
  custom: 'apply_patch',
  input: `*** Begin Patch\n${body}\n*** End Patch`,
});

export interface PlannedModel {
  /** For a provider's `base_url`. */
  readonly url: string;
  /** What came with each request: its bearer token, its input as JSON, the names of its tools. */
  readonly requests: readonly PlannedRequest[];
  /** Lets steps go on that wait `untilTold` this word. */
  tell(word: string): void;
  close(): Promise<void>;
}

export interface PlannedRequest {
  readonly token: string | null;
  readonly input: string;
  readonly tools: readonly string[];
  readonly model: string;
}

const itemSchema = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  call_id: z.string().optional(),
  content: z.array(z.looseObject({ text: z.string().optional() })).optional(),
});
const requestSchema = z.looseObject({
  model: z.string(),
  input: z.array(itemSchema),
  tools: z.array(z.looseObject({ name: z.string().optional(), type: z.string() })).optional(),
});
type InputItem = z.infer<typeof itemSchema>;

export async function startPlannedModel(): Promise<PlannedModel> {
  const requests: PlannedRequest[] = [];
  const words = new Set<string>();
  const waiting = new Map<string, (() => void)[]>();
  const untilTold = (word: string): Promise<void> =>
    words.has(word)
      ? Promise.resolve()
      : new Promise((resolve) => waiting.set(word, [...(waiting.get(word) ?? []), resolve]));
  const server = createServer((request, response) => {
    respond(request, response, { requests, untilTold }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    tell: (word) => {
      words.add(word);
      waiting.get(word)?.forEach((resolve) => resolve());
    },
    close: () =>
      new Promise((resolve) => {
        waiting.forEach((resolvers) => resolvers.forEach((one) => one()));
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

interface State {
  readonly requests: PlannedRequest[];
  readonly untilTold: (word: string) => Promise<void>;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { requests, untilTold }: State,
): Promise<void> {
  const body = await readText(request);
  if (request.method !== 'POST' || request.url !== '/v1/responses') {
    response.writeHead(404).end();
    return;
  }
  const { input, tools = [], model } = requestSchema.parse(JSON.parse(body));
  const bearer = request.headers.authorization ?? null;
  requests.push({
    token: bearer?.replace('Bearer ', '') ?? null,
    input: JSON.stringify(input),
    tools: tools.map(({ name, type }) => name ?? type),
    model,
  });
  const step = findStep(input);
  if ('status' in step) {
    const error = { type: 'server_error', message: `planned ${step.status}` };
    response
      .writeHead(step.status, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ error }));
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.flushHeaders();
  if ('untilTold' in step && step.untilTold !== undefined) {
    await untilTold(step.untilTold);
  }
  let sequence = 0;
  for (const { type, ...data } of toEvents(step, body.length)) {
    const line = JSON.stringify({ type, sequence_number: sequence, ...data });
    response.write(`event: ${type}\ndata: ${line}\n\n`);
    sequence += 1;
  }
  if ('cut' in step) {
    response.destroy();
  } else {
    response.end();
  }
}

/** The plan in the newest message that has one, and how far it has come. */
function findStep(input: readonly InputItem[]): PlannedStep {
  const at = input.findLastIndex((item) => item.role === 'user' && /\bPLAN \[/u.test(toText(item)));
  const item = input[at];
  if (!item) {
    return { say: 'There is no plan.' };
  }
  const told = toText(item);
  const steps = JSON.parse(told.slice(told.indexOf('PLAN [') + 5)) as PlannedStep[]; // made by `plan`
  const outputs = new Set(
    input.slice(at + 1).flatMap(({ type, call_id: id }) => (type?.endsWith('_output') && id) || []),
  );
  const results = input.slice(at + 1).filter(({ type }) => type?.endsWith('_output'));
  let left = outputs.size;
  for (const step of steps) {
    const calls = toCalls(step).length;
    if (left < calls || calls === 0) {
      return fillIn(step, results);
    }
    left -= calls;
  }
  return { say: 'The plan is done.' };
}

/** Its own calls alone: a plan within it is filled in by whom it is told to. */
function fillIn(step: PlannedStep, results: readonly InputItem[]): PlannedStep {
  const ids = [...JSON.stringify(results).matchAll(/session_id\W{1,10}([\da-f-]{36})/gu)];
  const sessionId = ids.at(-1)?.[1];
  return sessionId === undefined
    ? step
    : (JSON.parse(JSON.stringify(step).replaceAll('{{session_id}}', sessionId)) as PlannedStep); // as it was
}

function toText({ content }: InputItem): string {
  return (content ?? []).map(({ text }) => text ?? '').join('');
}

function toCalls(step: PlannedStep): readonly PlannedCall[] {
  if ('calls' in step) {
    return step.calls;
  }
  return 'call' in step || 'custom' in step ? [step] : [];
}

interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

function toEvents(step: PlannedStep, requestChars: number): readonly StreamEvent[] {
  const id = `resp_${randomUUID()}`;
  const created = { type: 'response.created', response: { id, status: 'in_progress' } };
  if ('fail' in step) {
    const response = { id, status: 'failed', error: step.fail };
    return [created, { type: 'response.failed', response }];
  }
  const items = [
    ...('reason' in step && step.reason !== undefined ? [toReasoning(step.reason)] : []),
    ...toCalls(step).map(toCallItem),
    ...('say' in step ? [toMessage(step.say)] : []),
  ];
  const usage = {
    input_tokens: Math.ceil(requestChars / 4),
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 10,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: Math.ceil(requestChars / 4) + 10,
  };
  return [
    created,
    ...items.flatMap((item, at) => toItemEvents(item, at)),
    ...('cut' in step
      ? []
      : [{ type: 'response.completed', response: { id, status: 'completed', usage } }]),
  ];
}

type OutputItem = Readonly<Record<string, unknown>> & { readonly id: string };

function toItemEvents(item: OutputItem, at: number): readonly StreamEvent[] {
  const deltas = toText(item).match(/[\s\S]{1,20}/gu) ?? []; // of a message, else none
  const isMessage = item['type'] === 'message';
  return [
    {
      type: 'response.output_item.added',
      output_index: at,
      item: { ...item, ...(isMessage ? { content: [] } : {}), status: 'in_progress' },
    },
    ...(isMessage ? deltas : []).map((delta) => ({
      type: 'response.output_text.delta',
      item_id: item.id,
      output_index: at,
      content_index: 0,
      delta,
    })),
    { type: 'response.output_item.done', output_index: at, item },
  ];
}

function toMessage(text: string): OutputItem {
  return {
    type: 'message',
    id: `msg_${randomUUID()}`,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
}

function toReasoning(text: string): OutputItem {
  const summary = [{ type: 'summary_text', text }];
  return { type: 'reasoning', id: `rs_${randomUUID()}`, summary };
}

function toCallItem(call: PlannedCall): OutputItem {
  const common = { call_id: `call_${randomUUID()}`, status: 'completed' };
  return 'custom' in call
    ? {
        ...{ type: 'custom_tool_call', id: `ctc_${randomUUID()}`, ...common },
        ...{ name: call.custom, input: call.input },
      }
    : {
        ...{ type: 'function_call', id: `fc_${randomUUID()}`, ...common },
        ...(call.namespace === undefined ? {} : { namespace: call.namespace }),
        ...{ name: call.call, arguments: JSON.stringify(call.args) },
      };
}
