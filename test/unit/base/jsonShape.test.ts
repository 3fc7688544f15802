import { strictEqual } from 'node:assert';
import fc from 'fast-check';

import { checkJsonShape } from '../../../src/base/jsonShape';

const wide = { maxDepth: Infinity, maxValues: Infinity };

function readDepth(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? 1 + Math.max(0, ...Object.values(value).map(readDepth))
    : 0;
}

/** Every array and object, and every comma between members. */
function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  const members: unknown[] = Object.values(value);
  return members.reduce<number>(
    (sum, member) => sum + countValues(member),
    1 + Math.max(0, members.length - 1),
  );
}

describe('the shape of a JSON text', () => {
  it('is measured as a parser would find it, whatever its strings hold', () => {
    const strings = fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', ',', '}', 'a', '\n') });
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { depthSize: 'small' },
        strings,
        fc.integer(),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(strings, tie('json'), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        const depth = readDepth(value);
        const values = 1 + countValues(value);
        strictEqual(checkJsonShape(text, { maxDepth: depth, maxValues: values }), 'fits');
        if (depth > 0) {
          strictEqual(checkJsonShape(text, { ...wide, maxDepth: depth - 1 }), 'too deep');
          strictEqual(checkJsonShape(text, { ...wide, maxValues: values - 1 }), 'too many values');
        }
      }),
    );
  });

  for (const [name, part] of [
    ['escaped quotes', '\\"'],
    ['open quotes', '"'],
    ['backslashes', '\\'],
    ['backslashes before quotes', '\\\\"'],
    ['brackets', '[]'],
  ] as const) {
    it(`is measured in one pass over 32 MB of ${name}`, () => {
      const text = `["${part.repeat(32_000_000 / part.length)}`;
      // A quadratic pass over as much takes hours.
      strictEqual(checkJsonShape(text, wide), 'fits');
    });
  }
});
