// What Python warns of during a step: its own code's warnings are shown at its own lines, and the runner has none.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { Repl, createSandboxes } from '../../support/repl';

/** Code, and the first line that is warned; of the last statement where the runner lets go of its value. */
const warned: readonly (readonly [string, string])[] = [
  ['import re\nre.compile("[[a]")', '<step N>:2: FutureWarning: Possible nested set at position 1'],
  ['async def f(): pass\nf()', "<step N>:2: RuntimeWarning: coroutine 'f' was never awaited"],
  ['g = f()\ng = None', "<step N>:2: RuntimeWarning: coroutine 'f' was never awaited"],
  ['x = "\\d"', "<step N>:1: SyntaxWarning: invalid escape sequence '\\d'"],
  ['import warnings\nwarnings.warn("mine")', '<step N>:2: UserWarning: mine'],
  ['warnings.simplefilter("always")', ''],
  ['1\n~True', "<step N>:2: DeprecationWarning: Bitwise inversion '~' on bool"],
  [
    '1\n2\nopen("x", "w")',
    "<step N>:3: ResourceWarning: unclosed file <_io.TextIOWrapper name='x'",
  ],
];

describe('warnings of a Python step', () => {
  let sandboxes: SandboxProcess;
  let repl: Repl;
  before(async () => {
    sandboxes = createSandboxes();
    repl = await Repl.open(sandboxes, { language: 'python', context: 'a[b]--c\r\n||d&&\r' });
  });
  after(() => sandboxes.dispose());

  it('name the step’s own lines', async () => {
    for (const [code, expected] of warned) {
      const { stderr } = await repl.run(code);
      assert.equal(
        stderr.replace(/^<step \d+>/, '<step N>').slice(0, expected.length),
        expected,
        code,
      );
      assert.ok(!stderr.includes('/rlm/'), stderr);
    }
    const { stderr } = await repl.run('warnings.warn_explicit("a", UserWarning, "b", 1)\nNone');
    assert.equal(stderr, 'b:1: UserWarning: a\n');
  });

  it('are none of patterns that are given to helpers, which find what `re` finds', async () => {
    await repl.run('import re, warnings');
    const part = fc.constantFrom('[', ']', 'a', '-', '|', '&', '~', '^', '\\d', '\\[', '.', '$');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 9 }), async (parts) => {
        const pattern = JSON.stringify(`[${parts.join('')}]`);
        const code = [
          `p = ${pattern}`,
          'with warnings.catch_warnings():',
          '    warnings.simplefilter("error")',
          '    try: found = [match.start for match in grep(p, "a[b]--c&|d")]; total = count(p, "a[b]--c&|d"), count(p)',
          '    except re.error: found = "error"',
          'with warnings.catch_warnings():',
          '    warnings.simplefilter("ignore")',
          '    try: right = [match.start() for match in re.finditer(p, "a[b]--c&|d")]',
          '    except re.error: right = "error"',
          'grep(p) if found != "error" else None; assert found == right, (p, found, right)',
        ].join('\n');
        const { error, stderr } = await repl.run(code);
        assert.deepEqual([error?.message ?? null, stderr], [null, ''], code);
      }),
      { numRuns: 200 },
    );
  });
});
