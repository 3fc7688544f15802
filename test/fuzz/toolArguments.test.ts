// Any JSON as the arguments of any tool of a real engine: a result that fits its schema, or an error
// with a code of the contract that blames the caller.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ResultSchema } from '@modelcontextprotocol/sdk/types.js';
import fc from 'fast-check';
import type { Engine } from '../../src/core/engine';
import { errorCodes } from '../../src/core/errors';
import { toolsWithoutAgents } from '../support/offeredTools';
import { createEngine } from '../../src/runtime';
import { toClientEncoding } from '../support/clientEncodings';
import { anyJson, anyText, fuzz, toFuzzTitle } from '../support/fuzz';
import { callOk, callTool, connectClient, openSession } from '../support/mcpClient';
import { readField } from '../support/mcpFlows';
import { sandboxFolder } from '../support/repl';
import { useTempFolder } from '../support/tempFolder';

const casesPerTool = 500;
/** Of tools that open sessions, or need a new one after each call that works. */
const casesPerOpeningTool = 160;
const openingTools = new Set([
  ...['rlm_init_context', 'rlm_fork', 'rlm_finalize'],
  ...['rlm_execute', 'rlm_analyze', 'rlm_code', 'rlm_decompose'],
]);
const maxLive = 12;
const rawCases = 2_000;

/** Limits that the cases of one test do not reach. */
const roomy = { max_steps: 10_000, budget_limit: 10_000_000, max_runtime_ms: 3_600_000 };

type Arguments = Record<string, unknown>;

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const someSession = 'the session there is';
/** Values a model might mean for an argument, beside those it never should. */
const meant: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  session_id: fc.constant(someSession),
  title: fc.string({ maxLength: 200 }),
  cursor: fc.constantFrom('0', '1', 'x'),
  at_step: fc.nat({ max: 2 }),
  code: fc.constantFrom('1 + 1', 'print("x")', 'var y = [1]; y', 'throw 1', 'FINAL("a")', '((', ''),
  context_paths: fc.array(fc.constantFrom('a.txt', '*', '.', '**/*.txt', '..'), {
    minLength: 1,
    maxLength: 2,
  }),
  context_text: fc.constantFrom('a text', 'x\ny'),
  language: fc.constant('javascript'), // its sandboxes are small enough for hundreds
  final_var_name: fc.constantFrom('context', 'no'),
  var_name: fc.constantFrom('context', 'y', 'no'),
  name: fc.constantFrom('more', 'context', 'await'),
};

function toFitting(schema: Schema, name: string): fc.Arbitrary<unknown> {
  const { type, enum: choices, minimum = 0, maximum, properties } = schema;
  if (meant[name]) {
    return meant[name];
  }
  if (choices) {
    return fc.constantFrom(...choices);
  }
  if (properties) {
    return toObject(schema);
  }
  return type === 'integer'
    ? fc.integer({ min: minimum, max: Math.min(maximum ?? 1_000, 1_000_000) })
    : fc.string({ minLength: 1, maxLength: 40 });
}

function toObject({ properties = {}, required = [] }: Schema): fc.Arbitrary<Arguments> {
  const fields = Object.entries(properties).map(
    ([name, schema]) => [name, toFitting(schema, name)] as const,
  );
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
}

/** Calls that work, whatever came before; a tool that needs a model or a run under way has none. */
const sound: Readonly<Record<string, readonly Arguments[]>> = {
  rlm_init_context: [
    { context_text: 'a text', language: 'javascript' },
    { context_paths: ['a.txt'], language: 'javascript', config: { max_steps: 2 } },
  ],
  rlm_run_repl: [{ session_id: someSession, code: '1 + 1' }],
  rlm_get_var: [{ session_id: someSession, var_name: 'context', max_chars: 3 }],
  rlm_finalize: [
    { session_id: someSession, final_text: 'done' },
    { session_id: someSession, final_var_name: 'context' },
  ],
  rlm_add_context: [{ session_id: someSession, context_text: 'more' }],
  rlm_fork: [{ session_id: someSession }],
  rlm_get_trace: [{ session_id: someSession, limit: 5 }],
  search_runs: [{ query: 'total' }, { kind: 'run_repl', since: '2026-01-01T00:00:00Z', limit: 2 }],
  rlm_list_sessions: [{ limit: 5 }, { status: 'active' }],
  rlm_status: [{}],
};

/**
 * A quarter work; of the others half are of the right types, and the rest have an argument spoiled or
 * added, or are anything.
 */
function toArguments(tool: string, schema: Schema): fc.Arbitrary<Arguments> {
  const fitting = toObject(schema);
  const name = fc.constantFrom(...Object.keys(schema.properties ?? {}));
  const works = sound[tool];
  const spoil = fc.oneof(fc.tuple(name, anyJson), fc.tuple(anyText, anyJson));
  return fc.oneof(
    ...(works ? [{ weight: 3, arbitrary: toEncoded(schema, works) }] : []),
    { weight: 5, arbitrary: fitting },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fitting, spoil)
        .map(([args, [key, value]]) => ({ ...args, [key]: value })),
    },
    { weight: 1, arbitrary: fc.dictionary(anyText, anyJson) },
  );
}

/** As written, or as some client would write it. */
function toEncoded(schema: Schema, works: readonly Arguments[]): fc.Arbitrary<Arguments> {
  const plain = fc.constantFrom(...works);
  return fc.oneof(
    plain,
    plain.chain((args) => toClientEncoding(schema, args)),
  );
}

describe('fuzzed tool arguments', function () {
  this.timeout(180_000);
  const folder = useTempFolder();
  let engine: Engine;
  let client: Client;
  let live: string;

  beforeEach(async () => {
    const root = path.join(folder(), 'root');
    await mkdir(root);
    await writeFile(path.join(root, 'a.txt'), 'some text\n');
    engine = await createEngine({
      home: path.join(folder(), 'home'),
      roots: [root],
      baseFolder: root,
      log: () => undefined,
      sandboxFolder,
      agents: null,
    });
    client = await connectClient(engine);
    live = await openSession(client, { config: roomy });
  });
  afterEach(async () => {
    await client.close();
    await engine.close();
  });

  for (const { name, alias, listed } of toolsWithoutAgents) {
    const cases = openingTools.has(name) ? casesPerOpeningTool : casesPerTool;
    it(toFuzzTitle(`${name} answers or says what is wrong`, cases), async () => {
      const schema = listed.inputSchema as Schema; // made from zod as JSON Schema
      const args = toArguments(name, schema).map((given) =>
        // Most calls are about the session there is, which may be another one by now.
        given['session_id'] === someSession ? { ...given, session_id: live } : given,
      );
      let answered = 0;
      const refused: Record<string, number> = {};
      await fuzz(
        cases,
        fc.tuple(fc.constantFrom(name, alias ?? name), args),
        async ([called, given]) => {
          const { isError, payload, text } = await callTool(client, called, toJson(given));
          if (isError) {
            const code = String(readField(payload, 'error', 'code'));
            assert.ok((errorCodes as readonly string[]).includes(code), text);
            assert.notEqual(code, 'INTERNAL_ERROR', text);
            refused[code] = (refused[code] ?? 0) + 1;
          } else {
            answered += 1;
          }
          if ((await engine.sessions.readSummary(live)).status === 'finalized') {
            live = await openSession(client, { config: roomy });
          }
          if (engine.sessions.live.length > maxLive) {
            await engine.sessions.closeAll('it made room'); // `live` goes on by replay
          }
        },
      );
      process.stdout.write(`      ${answered} answered, refused: ${JSON.stringify(refused)}\n`);
      assert.ok(answered >= (sound[name] ? cases / 8 : 0), `only ${answered} of the calls worked`);
      const usable = await openSession(client);
      const step = await callOk(client, 'rlm_run_repl', { session_id: usable, code: '6 * 7' });
      assert.equal(step['result'], '42');
    });
  }

  it(toFuzzTitle('no request of any shape ends the connection', rawCases), async () => {
    const method = fc.constantFrom(
      'tools/call',
      'resources/read',
      'resources/subscribe',
      'prompts/get',
      'completion/complete',
      'resources/list',
      'tools/list',
      'nothing/known',
    );
    const params = fc.oneof(
      fc.dictionary(anyText, anyJson),
      fc.record(
        {
          name: fc.oneof(anyText, fc.constantFrom('rlm', 'rlm_audit', 'rlm_status')),
          uri: fc.oneof(
            anyText,
            anyText.map((text) => `rlm://sessions/${text}`),
          ),
          arguments: anyJson,
          cursor: anyJson,
          ref: anyJson,
          argument: anyJson,
        },
        { requiredKeys: [] },
      ),
    );
    await fuzz(rawCases, fc.tuple(method, params), async ([one, given]) => {
      const request = { method: one, params: toJson(given) };
      await client.request(request, ResultSchema).catch((error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error, String(error));
      });
      await client.ping();
    });
  });
});

/** As it would come over a wire. */
function toJson(value: object): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>; // an object went in
}
