// Values that hold the loaded text, as every list of matches does, are compared whole whatever its length.

import assert from 'node:assert/strict';
import { languages } from '../../../src/core/sandbox';
import { Repl, createSandboxes } from '../../support/repl';

const text = 'one two three\n'.repeat(250_000);
const codes = {
  python: {
    made: 'found = grep("two")\nheld = [context, [context]]; None',
    unchanged: '[len(found), len(held)]; None',
    changed: 'found.pop(); held[1].append(context); None',
  },
  javascript: {
    made: 'const found = grep(/two/, { maxMatches: 300 }); const held = [context, [context]]; null',
    unchanged: '[found.length, held.length]; null',
    changed: 'found.pop(); held[1].push(context); null',
  },
} as const;

describe('values that hold a long loaded text', function () {
  this.timeout(60_000);
  const sandboxes = createSandboxes();
  after(() => sandboxes.dispose());

  for (const language of languages) {
    it(`are compared whole in ${language}`, async () => {
      const { made, unchanged, changed } = codes[language];
      const repl = await Repl.open(sandboxes, { language, context: text });
      const first = await repl.run(made);
      assert.deepStrictEqual(
        [first.error, first.changes.map(({ name }) => name).toSorted()],
        [null, ['found', 'held']],
      );
      assert.doesNotMatch(first.stderr, /too large/u);
      assert.ok(first.changes.every(({ hash }) => !hash?.startsWith('~')));
      assert.deepStrictEqual((await repl.run(unchanged)).changes, []);
      const { changes, stderr } = await repl.run(changed);
      assert.deepStrictEqual(changes.map(({ name }) => name).toSorted(), ['found', 'held']);
      assert.equal(stderr, '');
      repl.sandbox.dispose();
    });
  }
});
