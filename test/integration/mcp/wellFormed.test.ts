// Half a surrogate pair in every place where text comes in, and all bytes that leave read as the strictest
// clients read them.

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import fc from 'fast-check';
import * as z from 'zod';

import { serveHttp } from '../../../src/mcp/http';
import { serveStdio } from '../../../src/mcp/stdio';
import { toolsWithoutAgents } from '../../support/offeredTools';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { fuzz } from '../../support/fuzz';
import { callTool, connectClient, createClient, openSession } from '../../support/mcpClient';
import { createStreamTransport } from '../../support/streamTransport';

const casesPerTransport = 16;

const brokenText = fc
  .array(fc.constantFrom('a', '\ud83d', '\ude00', '😀', '"', '\\', '\n', '\ud800'), {
    minLength: 1,
    maxLength: 6,
  })
  .map((parts) => `${parts.join('')}\udfff\udfff`);

/** Everything a client can ask for, with `text` wherever one can be given or made. */
async function askEverything(client: Client, text: string): Promise<void> {
  const quoted = JSON.stringify(text);
  const id = await openSession(client, { title: text, context_text: `x${text}` });
  const run = (code: string) => callTool(client, 'rlm_run_repl', { session_id: id, code });
  const said = await run(`print(${quoted}); var v = { [${quoted}]: [${quoted}] }; ${quoted}`);
  assert.ok(Number(said.payload['replaced_surrogates']) > 0, 'nothing was said');
  await run(`var w = "${'é'.repeat(3)}" + ${quoted}; throw new Error(${quoted})`);
  await run(`// ${text.replaceAll('\n', '')}\nFINAL(${quoted})`);
  const given: Record<string, Record<string, unknown>> = {
    rlm_get_var: { session_id: id, var_name: 'v' },
    rlm_get_trace: { session_id: id },
    search_runs: {},
    rlm_list_sessions: {},
    rlm_add_context: { session_id: id, context_text: text, name: 'more' },
    rlm_fork: { session_id: id, title: text },
    rlm_execute: { task: text, context_text: text, max_iterations: 1 },
    rlm_analyze: { question: text, data: text, max_iterations: 1 },
    rlm_decompose: { complex_task: text, max_iterations: 1 },
    rlm_finalize: { session_id: id, final_text: text },
  };
  for (const { name } of toolsWithoutAgents) {
    for (const format of ['json', 'markdown']) {
      await callTool(client, name, { ...given[name], response_format: format });
      await callTool(client, name, { ...given[name], session_id: text });
      await callTool(client, name, { ...given[name], [text]: text });
    }
  }
  await callTool(client, 'rlm_get_var', { session_id: id, var_name: 'w', offset: 1, max_chars: 4 });
  const quietly = (asked: Promise<unknown>) => asked.catch(() => undefined);
  await quietly(client.callTool({ name: text }));
  await client.listResources();
  for (const rest of ['', '/trace', '/vars/v', '/vars/w', '/vars/context']) {
    await client.readResource({ uri: `rlm://sessions/${id}${rest}` });
  }
  await client.readResource({ uri: 'rlm://sessions' });
  await quietly(client.readResource({ uri: text }));
  await quietly(client.getPrompt({ name: text }));
  await client.getPrompt({ name: 'rlm', arguments: { question: text, paths: text } });
  await client.getPrompt({ name: 'rlm_audit', arguments: { session_id: id } });
  await client.complete({
    ref: { type: 'ref/resource', uri: 'rlm://sessions/{id}/vars/{name}' },
    argument: { name: 'name', value: '' },
    context: { arguments: { id } },
  });
}

const partsSchema = z.array(z.object({ text: z.string().optional() })).optional();
const repliedSchema = z.object({
  result: z.object({ content: partsSchema, contents: partsSchema }).optional(),
});

/** Strict in all that strict clients are strict in, and in the JSON that is a reply's text too. */
function checkMessage(json: string): void {
  const message: unknown = JSON.parse(json);
  checkValue(message);
  const { content = [], contents = [] } = repliedSchema.parse(message).result ?? {};
  for (const { text = '' } of [...content, ...contents]) {
    if (/^[{[]/u.test(text) && isJson(text)) {
      checkValue(JSON.parse(text)); // texts in there are what the code made
    }
  }
}

function checkValue(value: unknown): void {
  if (typeof value === 'string') {
    assert.ok(value.isWellFormed(), JSON.stringify(value));
  } else if (typeof value === 'object' && value !== null) {
    Object.entries(value).forEach((entry) => entry.forEach(checkValue));
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const strict = new TextDecoder('utf-8', { fatal: true });

describe('text that is not Unicode', function () {
  this.timeout(120_000);
  let engine: FakeEngine;

  beforeEach(() => {
    engine = createFakeEngine({ answer: (prompt) => `\ud83d ${prompt}` });
  });
  afterEach(() => engine.close());

  it(`leaves over stdio as Unicode, whatever is asked (${casesPerTransport} cases)`, async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const chunks: Buffer[] = [];
    stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const serving = serveStdio(engine, { stdin, stdout });
    const client = createClient();
    await client.connect(createStreamTransport(stdin, stdout));
    try {
      await fuzz(casesPerTransport, brokenText, async (text) => {
        await askEverything(client, text);
        const lines = strict.decode(Buffer.concat(chunks.splice(0))).split('\n');
        assert.ok(lines.length > 50);
        lines.filter((line) => line !== '').forEach(checkMessage);
      });
    } finally {
      await client.close();
      await serving.closed;
    }
  });

  it(`leaves over HTTP as Unicode, whatever is asked (${casesPerTransport} cases)`, async () => {
    const serving = await serveHttp(engine);
    const chunks: Uint8Array[] = [];
    const tap = async (url: string | URL, init?: RequestInit): Promise<Response> => {
      const response = await fetch(url, init);
      const keep = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          chunks.push(chunk);
          controller.enqueue(chunk);
        },
      });
      const { status, headers } = response;
      return new Response(response.body?.pipeThrough(keep) ?? null, { status, headers });
    };
    const client = createClient();
    const headers = { Authorization: `Bearer ${serving.token}` };
    const transport = new StreamableHTTPClientTransport(new URL(serving.url), {
      requestInit: { headers },
      fetch: tap,
    });
    try {
      await client.connect(transport);
      await fuzz(casesPerTransport, brokenText, async (text) => {
        await askEverything(client, text);
        const lines = strict.decode(Buffer.concat(chunks.splice(0))).split('\n');
        const data = lines.filter((line) => line.startsWith('data: {'));
        assert.ok(data.length > 50);
        data.forEach((line) => checkMessage(line.slice('data: '.length)));
      });
    } finally {
      await client.close();
      await serving.dispose();
    }
  });

  it('is told where it stood in a prompt: with the step’s reply and with the call on record', async () => {
    const client = await connectClient(engine);
    const id = await openSession(client);
    const run = (prompt: string, more: object = {}) =>
      callTool(client, 'rlm_run_repl', { session_id: id, code: `llm_query("${prompt}")`, ...more });
    const plain = await run('whole 😀');
    const broken = await run('half \ud83d and \ude00');
    const text = (await run('half \ud83d', { response_format: 'markdown' })).text;
    const replies = [plain, broken].map(({ payload }) => payload['prompts_replaced']);
    assert.deepStrictEqual(replies, [undefined, 2]);
    assert.match(broken.text, /"prompts_replaced":2/u);
    assert.match(text, /Prompts were sent with U\+FFFD for 1 /u);
    const page = await engine.traces.readEvents(id, {
      fromStep: null,
      toStep: null,
      cursor: null,
      limit: 100,
    });
    const recorded = page.events.flatMap((event) =>
      event.kind === 'model.answered' ? [event.replacedSurrogates ?? 0] : [],
    );
    assert.deepStrictEqual(recorded, [0, 2, 1]);
    await client.close();
  });
});
