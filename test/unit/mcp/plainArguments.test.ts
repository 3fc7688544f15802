import assert from 'node:assert/strict';
import fc from 'fast-check';
import * as z from 'zod';

import { clientArguments, keepsEmptyText, toPlainArguments } from '../../../src/mcp/plainArguments';
import { findNearestName } from '../../../src/mcp/nearestName';
import { tools } from '../../../src/mcp/toolList';
import { toClientEncoding } from '../../support/clientEncodings';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** Texts that look like something else are what they are. */
const looksLikeOther = fc.constantFrom('123', 'true', 'null', '{"a": 1}', '"x"', 'x', ' [1] y');

function toFitting(schema: Schema): fc.Arbitrary<unknown> {
  const { type, enum: choices, minimum = 0, maximum = 1_000_000, items, pattern } = schema;
  if (choices) {
    return fc.constantFrom(...choices);
  }
  switch (type) {
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, one]) => [name, toFitting(one)] as const,
      );
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
    }
    case 'array':
      return fc.array(toFitting(items ?? {}), { minLength: 1, maxLength: 3 });
    case 'integer':
      return fc.integer({ min: minimum, max: Math.min(maximum, 1_000_000) });
    case 'boolean':
      return fc.boolean();
    case undefined:
    default:
      return pattern === undefined ? looksLikeOther : fc.constantFrom('more', 'context_2');
  }
}

/** Whose empty text is a text, and not the same as leaving it out. */
const emptyTexts: Readonly<Record<string, readonly string[]>> = { sandbox_upload: ['content'] };

describe('arguments as clients send them', () => {
  for (const tool of tools) {
    it(`mean the same to ${tool.name} in every encoding`, () => {
      const schema = tool.listed.inputSchema as Schema; // made from zod as JSON Schema
      const pairs = toFitting(schema).chain((args) => {
        const plain = args as Record<string, unknown>; // an object schema's values
        return fc.tuple(fc.constant(plain), toClientEncoding(schema, plain));
      });
      fc.assert(
        fc.property(pairs, ([plain, filled]) => {
          const encoded = Object.fromEntries(
            Object.entries(filled).filter(
              ([name, value]) => value !== '' || !emptyTexts[tool.name]?.includes(name),
            ),
          );
          const wanted = tool.readArguments(plain);
          assert.deepStrictEqual(tool.readArguments(encoded), wanted);
          assert.deepStrictEqual(tool.readArguments(JSON.stringify(encoded)), wanted);
          const added = Object.fromEntries(clientArguments.map((name) => [name, { any: 1 }]));
          assert.deepStrictEqual(tool.readArguments({ ...added, ...encoded }), wanted);
        }),
        { numRuns: 150 },
      );
    });
  }

  it('understand what is plain, and leave alone what is not', () => {
    const input = z.strictObject({
      text: z.string().min(1).optional(),
      must: z.string(),
      count: z.int().default(3),
      flag: z.boolean().optional(),
      kind: z.enum(['python', 'javascript']).optional(),
      list: z.array(z.string()).optional(),
      pairs: z.array(z.strictObject({ id: z.string(), text: z.string() })).optional(),
      content: keepsEmptyText(z.string().optional()),
    });
    const table: readonly (readonly [object, object])[] = [
      [
        { text: '123', must: '{"a":1}' },
        { text: '123', must: '{"a":1}' },
      ],
      [{ must: 7 }, { must: '7' }],
      [{ must: 1.5 }, { must: 1.5 }],
      [{ must: '' }, { must: '' }],
      [{ must: null }, {}],
      [{ count: '5.0' }, { count: 5 }],
      [{ count: '1e3' }, { count: 1_000 }],
      [{ count: '1,000' }, { count: '1,000' }],
      [{ count: '0x10' }, { count: '0x10' }],
      [{ count: 'Infinity' }, { count: 'Infinity' }],
      [{ count: '1e999' }, { count: '1e999' }],
      [{ count: true }, { count: true }],
      [{ flag: 'True' }, { flag: true }],
      [{ flag: 1 }, { flag: 1 }],
      [{ kind: ' Python' }, { kind: 'python' }],
      [{ kind: 'py' }, { kind: 'py' }],
      [{ list: 'logs/*.log' }, { list: ['logs/*.log'] }],
      [{ list: '["a", "b"]' }, { list: ['a', 'b'] }],
      [{ list: '[a].txt' }, { list: ['[a].txt'] }],
      [{ list: ['["a"]'] }, { list: ['["a"]'] }],
      [{ list: [] }, {}],
      [{ list: '' }, {}],
      [{ text: '' }, {}],
      [{ content: '' }, { content: '' }],
      [{ content: null }, {}],
      [{ list: { 0: 'a' } }, { list: { 0: 'a' } }],
      [{ pairs: '{"id":1,"text":"x"}' }, { pairs: [{ id: '1', text: 'x' }] }],
      [{ pairs: ['{"id":"1","text":""}'] }, { pairs: [{ id: '1', text: '' }] }],
      [{ toolCallId: 'c', other: 1 }, { other: 1 }],
      [
        JSON.parse('{"__proto__": {"must": "x"}}') as object,
        JSON.parse('{"__proto__": {"must": "x"}}') as object,
      ],
    ];
    for (const [given, wanted] of table) {
      assert.deepStrictEqual(toPlainArguments(input, given), wanted, JSON.stringify(given));
    }
    for (const nothing of [null, undefined, '', '{}']) {
      assert.deepStrictEqual(toPlainArguments(input, nothing), {});
    }
    for (const other of [5, [], 'text', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`]) {
      assert.deepStrictEqual(toPlainArguments(input, other), other);
    }
  });
});

describe('wrong arguments', () => {
  const initContext = tools.find(({ name }) => name === 'rlm_init_context');
  const runRepl = tools.find(({ name }) => name === 'rlm_run_repl');

  it('are told of all at once: every unknown name with the nearest, every missing one', () => {
    assert.throws(() => runRepl?.readArguments({}), {
      code: 'INVALID_INPUT',
      message: 'Missing arguments session_id, code.',
    });
    assert.throws(() => runRepl?.readArguments({ sesionId: 'x', Code: '1' }), {
      message: 'Unknown arguments sesionId, Code. Missing arguments session_id, code.',
      nextStep: /Did you mean session_id for sesionId\? Did you mean code for Code\?/u,
    });
    assert.throws(() => runRepl?.readArguments({ session_id: null, code: '1' }), {
      message: 'Missing argument session_id.',
    });
    assert.throws(() => initContext?.readArguments({ config: '{"maxSteps": 3}' }), {
      message: 'Unknown argument config.maxSteps.',
      nextStep: /Did you mean max_steps for config\.maxSteps\?/u,
    });
  });

  it('are named by the nearest name, and by none when none is near', () => {
    const names = ['session_id', 'context_text', 'context_paths', 'code'];
    const pairs = ['sessionId', 'contextPaths', 'paths', 'kode', 'xyz', '', '__proto__'].map(
      (given) => findNearestName(given, names) ?? null,
    );
    assert.deepStrictEqual(pairs, [
      ...['session_id', 'context_paths', 'context_paths', 'code'],
      ...[null, null, null],
    ]);
  });

  it('are told in bounded time and length, whatever they are', () => {
    let deep: unknown = 0;
    for (let level = 0; level < 50_000; level += 1) {
      deep = [deep];
    }
    for (const value of [deep, 'x'.repeat(1_000_000), { a: deep }]) {
      assert.throws(
        () => runRepl?.readArguments({ session_id: value, code: 'x' }),
        (error: Error) => error.message.length < 500,
      );
    }
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`n${at}`, at]));
    assert.throws(
      () => runRepl?.readArguments(many),
      (error: Error) => error.message.length < 500,
    );
  });
});
