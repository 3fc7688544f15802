import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LATEST_PROTOCOL_VERSION } from '@modelcontextprotocol/sdk/types.js';
import { checkFirst, parseMessages, toFaultTexts } from '../../../src/mcp/rpcMessage';

const encode = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** The code and id that bytes are refused with, or what was parsed. */
const judge = (bytes: Buffer): unknown => {
  const parsed = parseMessages({ kind: 'whole', bytes });
  return parsed.kind === 'refused' ? [parsed.fault.code, ...parsed.fault.ids] : parsed.messages;
};

describe('parseMessages', () => {
  it('refuses what is no message by code, under the id where there is one', () => {
    const deep = `${'['.repeat(101)}${']'.repeat(101)}`;
    const rows: readonly (readonly [string, Buffer, number, ...(string | number)[]])[] = [
      ['nothing', encode(''), -32700],
      ['half a document', encode('{"jsonrpc":'), -32700],
      ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), -32700],
      ['a number', encode('1'), -32600],
      ['null', encode('null'), -32600],
      ['no method', encode({ jsonrpc: '2.0', id: 7 }), -32600, 7],
      ['another version', encode({ jsonrpc: '1.0', id: 'a', method: 'ping' }), -32600, 'a'],
      ['a method that is no text', encode({ jsonrpc: '2.0', id: 3, method: 4 }), -32600, 3],
      [
        'params that are no object',
        encode({ jsonrpc: '2.0', id: 3, method: 'x', params: 1 }),
        -32600,
        3,
      ],
      ['an id that is none', encode({ jsonrpc: '2.0', id: {}, method: 'x' }), -32600],
      ['an empty batch', encode([]), -32600],
      ['a batch of 101', encode(Array.from({ length: 101 }, () => ({}))), -32600],
      [
        'a batch of 101 requests',
        encode(Array.from({ length: 101 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'x' }))),
        -32600,
        ...Array.from({ length: 101 }, (_, id) => id),
      ],
      ['a fault within a batch', encode([{ jsonrpc: '2.0', method: 'x' }, { id: 5 }]), -32600, 5],
      [
        'a fault among requests, notifications and answers',
        encode([
          { jsonrpc: '2.0', id: 'a', method: 'x' },
          { jsonrpc: '2.0', method: 'x' },
          { jsonrpc: '2.0', id: 9, result: {} },
          'no message',
          { jsonrpc: '2.0', id: 2, method: 'y' },
        ]),
        -32600,
        'a',
        2,
      ],
      [
        'a request nested too deeply',
        encode(`{"jsonrpc":"2.0","id":8,"method":"x","params":{"a":${deep}}}`),
        -32600,
        8,
      ],
      [
        'a request that is no UTF-8',
        Buffer.from('{"method":"x","params":{"a":"\xff"},"jsonrpc":"2.0","id":4}', 'latin1'),
        -32700,
        4,
      ],
      ['101 levels', encode('['.repeat(101) + ']'.repeat(101)), -32600],
      ['a million open brackets', encode('['.repeat(1_000_000)), -32600],
      ['a million quotes', encode('"'.repeat(1_000_001)), -32700],
      ['a million open strings', encode(`{"a":${'"\\'.repeat(1_000_000)}`), -32700],
    ];
    assert.deepStrictEqual(
      rows.map(([name, bytes]) => [name, judge(bytes)]),
      rows.map(([name, , ...refusal]) => [name, refusal]),
    );
  });

  it('makes an answer that cannot be read an error for who asked, never one of the client’s own calls', () => {
    const rows = [
      { jsonrpc: '2.0', id: 3, result: 'no object' },
      { id: 3, result: {} },
      { jsonrpc: '2.0', id: 3, error: { code: 'none' } },
    ];
    const large = Buffer.from('{"jsonrpc":"2.0","id":3,"result":{"text":"xxx');
    const parsed = [
      ...rows.map((row) => judge(encode(row))),
      ...(judge(encode([...rows, { jsonrpc: '2.0', id: 1, method: 'x' }])) as object[]).slice(0, 3), // a batch
      (
        parseMessages({ kind: 'large', head: large, tail: Buffer.from('xxx"}}') }) as {
          messages: object;
        }
      ).messages,
    ] as { id: number; error: { code: number } }[]; // errors, as is checked
    assert.deepStrictEqual(
      parsed.map(({ id, error }) => [id, error.code]),
      Array.from({ length: 7 }, () => [3, -32600]),
    );
  });

  it('takes a message of 15 MB of escaped quotes as it is', () => {
    const message = { jsonrpc: '2.0', id: 1, method: 'x', params: { text: '"'.repeat(7_500_000) } };
    assert.deepStrictEqual(judge(encode(message)), message);
  });

  it('gives every well-formed request and batch back unchanged', () => {
    const id = fc.oneof(fc.string(), fc.integer());
    const request = fc.record({
      jsonrpc: fc.constant('2.0'),
      id,
      method: fc.string({ unit: 'binary' }),
      params: fc.dictionary(
        fc.string().filter((key) => !key.startsWith('_')),
        fc.jsonValue(),
      ),
    });
    const either = fc.oneof(request, fc.array(request, { minLength: 1, maxLength: 5 }));
    fc.assert(
      fc.property(either, (value) => {
        const sent: unknown = JSON.parse(JSON.stringify(value));
        assert.deepEqual(judge(encode(sent)), sent);
      }),
    );
  });

  it('refuses any other bytes without throwing, with an error that is JSON-RPC', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const parsed = parseMessages({ kind: 'whole', bytes: Buffer.from(bytes) });
        assert.ok(parsed.kind === 'refused');
        const [text = ''] = toFaultTexts(parsed.fault);
        const reply = JSON.parse(text) as { error: { code: number }; id: unknown };
        assert.ok(reply.error.code < -32_000);
        assert.deepStrictEqual(reply.id, null);
      }),
    );
  });
});

describe('checkFirst', () => {
  it('lets initialize, pings, notifications and responses come first, and nothing else', () => {
    const request = (method: string, params: object = {}) => ({
      jsonrpc: '2.0' as const,
      id: 4,
      method,
      params: { ...params },
    });
    const hello = {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: 'x', version: '1' },
    };
    const codes = [
      request('initialize', hello),
      request('ping'),
      { jsonrpc: '2.0' as const, method: 'notifications/cancelled' },
      { jsonrpc: '2.0' as const, id: 1, result: {} },
      request('tools/list'),
      request('server/discover'),
      request('constructor'),
    ].map((message) => checkFirst(message)?.code ?? null);
    assert.deepStrictEqual(codes, [null, null, null, null, -32600, -32601, -32601]);
  });
});
