// Which of its variables a JavaScript step changed in place.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

const inPlace: Readonly<Record<string, readonly [string, string]>> = {
  'an element': ['Array.from({ length: 1_000 }, (_, n) => n)', 'v[777] = "x"'],
  'a value of a Map': ['new Map(Array.from({ length: 500 }, (_, n) => [n, n]))', 'v.set(333, "y")'],
  'a member of a Set': [
    'new Set(Array.from({ length: 500 }, (_, n) => n))',
    'v.delete(333); v.add(-1)',
  ],
  'a property': [
    'Object.fromEntries(Array.from({ length: 500 }, (_, n) => ["k" + n, n]))',
    'v.k333 = 0',
  ],
  'a number of a typed array': ['new Float64Array(1_000)', 'v[701] = 5'],
  'a byte of a buffer': ['new ArrayBuffer(1_000)', 'new Uint8Array(v)[701] = 5'],
  'a row': ['Array.from({ length: 100 }, () => [0, 0])', 'v[77][1] = 1'],
};

describe('the variables that a JavaScript step changed', () => {
  let sandboxes: SandboxProcess;
  before(() => (sandboxes = createSandboxes()));
  after(() => sandboxes.dispose());

  for (const [title, [make, change]] of Object.entries(inPlace)) {
    it(`are those changed in place: ${title}`, async () => {
      const repl = await Repl.open(sandboxes, { language: 'javascript' });
      for (const [code, names] of [
        [`v = ${make}; null`, ['v']],
        ['v; null', []],
        [`${change}; null`, ['v']],
      ] as const) {
        const { changes, error } = await repl.run(code);
        assert.equal(error, null, code);
        assert.deepEqual(
          changes.map(({ name }) => name),
          names,
          code,
        );
      }
    });
  }
});
