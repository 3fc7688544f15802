// Every limit on an argument that a tool's schema declares: a value past it is refused by its name, with the limit
// and what was given.

import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { checkTask, maxTaskChars } from '../../../src/core/loop';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { callTool, connectClient } from '../../support/mcpClient';

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

interface Limit {
  readonly path: readonly string[];
  readonly limit: number;
  readonly given: unknown;
  /** What the message says of it. */
  readonly said: number;
}

/** A count as messages may write it. */
function toPattern(count: number): RegExp {
  return new RegExp(`(?<!\\d)(?:${count}|${count.toLocaleString('en')})(?!\\d)`, 'u');
}

function findLimits(schema: Schema, path: readonly string[] = []): readonly Limit[] {
  const own: Limit[] = [];
  if (schema.type === 'string' && schema.maxLength !== undefined) {
    const said = schema.maxLength + 1;
    own.push({ path, limit: schema.maxLength, given: 'x'.repeat(said), said });
  }
  if (schema.type === 'integer' && schema.maximum !== undefined && schema.maximum < 2 ** 50) {
    const said = schema.maximum + 1;
    own.push({ path, limit: schema.maximum, given: said, said });
  }
  if (schema.type === 'integer' && schema.minimum !== undefined && schema.minimum > -(2 ** 50)) {
    const said = schema.minimum - 1;
    own.push({ path, limit: schema.minimum, given: said, said });
  }
  if (schema.type === 'array' && schema.maxItems !== undefined) {
    const said = schema.maxItems + 1;
    own.push({
      path,
      limit: schema.maxItems,
      given: Array(said).fill(toValue(schema.items ?? {})),
      said,
    });
  }
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
    findLimits(one, [...path, name]),
  );
  return [...own, ...inner];
}

/** Anything that the schema takes. */
function toValue(schema: Schema): unknown {
  if (schema.enum) {
    return schema.enum[0];
  }
  switch (schema.type) {
    case 'integer':
      return schema.minimum ?? 1;
    case 'array':
      return [toValue(schema.items ?? {})];
    case 'object':
      return toRequired(schema);
    case 'string':
    case undefined:
    default:
      return 'x';
  }
}

function toRequired({ properties = {}, required = [] }: Schema): Record<string, unknown> {
  return Object.fromEntries(required.map((name) => [name, toValue(properties[name] ?? {})]));
}

function put(
  target: Record<string, unknown>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): object {
  const inner = target[name] as Record<string, unknown> | undefined; // an object where `rest` goes on
  return { ...target, [name]: rest.length === 0 ? value : put(inner ?? {}, rest, value) };
}

describe('the limits of arguments', function () {
  this.timeout(60_000);
  let engine: FakeEngine;
  let client: Client;

  before(async () => {
    engine = createFakeEngine();
    client = await connectClient(engine);
  });
  after(async () => {
    await client.close();
    await engine.close();
  });

  it('are named with their value, what was given, and what to do, for every tool', async () => {
    const { tools } = await client.listTools();
    let count = 0;
    for (const { name, inputSchema } of tools) {
      const schema = inputSchema as Schema; // JSON Schema, of which this reads a few words
      for (const { path, limit, given, said } of findLimits(schema)) {
        const { payload } = await callTool(client, name, {
          ...put(toRequired(schema), path, given),
        });
        const { error } = payload as {
          error?: { code: string; message: string; next_step: string };
        };
        const what = `${name} ${path.join('.')} ${limit}: ${JSON.stringify(error)}`;
        assert.equal(error?.code, 'INVALID_INPUT', what);
        assert.ok(error.message.includes(path.join('.')), what);
        assert.match(error.message, toPattern(limit), what);
        assert.match(error.message, toPattern(said), what);
        assert.ok(error.next_step.length > 10, what);
        count += 1;
      }
    }
    assert.ok(count > 60, `${count} limits`);
  });

  it('hold for questions and tasks however they come', async () => {
    const request = {
      task: 'x'.repeat(maxTaskChars + 1),
      context: { text: 'x', paths: [] },
      title: '',
      language: 'python' as const,
      maxIterations: 1,
      model: null,
      subModel: null,
      limits: {},
      client: null,
      parent: null,
    };
    await assert.rejects(engine.loops.run(request, new AbortController().signal), {
      code: 'INVALID_INPUT',
      message: /20,001.*20,000/u,
    });
    checkTask('x'.repeat(maxTaskChars));
  });
});
