import assert from 'node:assert/strict';
import fc from 'fast-check';
import { scanEnvelope } from '../../../src/mcp/messageEnvelope';

const unknown = { kind: 'unknown', id: null };

/** Texts that look like what is searched for, in all that JSON has to escape. */
const hostileText = fc
  .array(
    fc.constantFrom(
      '"',
      '\\',
      '\\"',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"id":9',
      ',"id":9}',
      'é',
      '\n',
      'a',
      ' ',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    hostileText,
    fc.constantFrom<unknown>(0, -1.5e9, true, null),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(hostileText, fc.constant('id')), tie('any'), { maxKeys: 3 }),
  ),
})).any;
const id = fc.oneof(fc.integer(), hostileText);

/** A message as JSON, its members in any order, with or without spaces. */
const message = fc
  .record({
    id,
    kind: fc.constantFrom('request' as const, 'response' as const),
    value: fc.dictionary(hostileText, value, { maxKeys: 4 }),
    order: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
    indent: fc.constantFrom(0, 1),
  })
  .map(({ id: ownId, kind, value: params, order, indent }) => {
    const members: [string, unknown][] = [
      ['jsonrpc', '2.0'],
      ['id', ownId],
      ...(kind === 'request'
        ? ([
            ['method', 'tools/call'],
            ['params', params],
          ] as [string, unknown][]) // as the line says
        : ([['result', params]] as [string, unknown][])),
    ];
    const sorted = members
      .map((one, at) => ({ one, at: order[at] ?? 0 }))
      .sort((a, b) => a.at - b.at);
    const text = JSON.stringify(Object.fromEntries(sorted.map(({ one }) => one)), null, indent);
    return { bytes: Buffer.from(text), truth: { kind, id: ownId } };
  });

describe('scanEnvelope', () => {
  it('tells kind and id of every message that it is given whole', () => {
    fc.assert(
      fc.property(message, ({ bytes, truth }) => {
        assert.deepStrictEqual(scanEnvelope(bytes, bytes), truth);
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells the truth or nothing of a message whose middle is missing', () => {
    fc.assert(
      fc.property(
        message,
        fc.nat({ max: 80 }),
        fc.nat({ max: 80 }),
        ({ bytes, truth }, from, to) => {
          const seen = scanEnvelope(
            bytes.subarray(0, from),
            bytes.subarray(Math.max(0, bytes.length - to)),
          );
          assert.deepStrictEqual(seen, seen.kind === 'unknown' ? unknown : truth);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('tells nothing of what is no single message', () => {
    const texts = [
      '',
      'x',
      '1',
      '{',
      '}',
      '[{"id":1,"method":"x"}]',
      '{"id":1}',
      '{"id":null,"method":"x"}',
    ];
    texts.push(
      '{"id":1.5,"method":"x"}',
      '{"id":1,"method":"x","result":1}',
      '"id":1,"method":"x"}',
    );
    for (const text of texts) {
      assert.deepStrictEqual(scanEnvelope(Buffer.from(text), Buffer.from(text)), unknown, text);
    }
    const random = fc.uint8Array({ maxLength: 300 });
    fc.assert(fc.property(random, random, (head, tail) => void scanEnvelope(head, tail)));
  });

  it('takes time in proportion to the ends, whatever is in them', () => {
    const runs = ['"', '\\', '\\"', '[', '{"a":', ' ', ',', '1', '"\\\\'].map((part) =>
      Buffer.from(`{"a":${part.repeat(200_000)}}`),
    );
    for (const bytes of runs) {
      assert.deepStrictEqual(scanEnvelope(bytes, bytes), unknown);
    }
  });
});
