// A step that runs out of time keeps all variables, also where each turn of its loop does much in one call.

import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describeJavascript } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

const endless = [
  'for (;;);',
  'for (;;) text.split("\\n")',
  'for (;;) text.split("")',
  'for (;;) [...text]',
  'for (;;) text.replaceAll("a", "b")',
  'for (;;) text.match(/a/g)',
  'for (;;) JSON.parse(JSON.stringify(text))',
  'for (;;) new Set(text.split("\\n"))',
  'for (;;) context.indexOf("zz")',
  'for (;;) Array(100_000).fill(0)',
  'for (;;) Array(100_000).join("x")',
  'let turns = 0; for (; turns < 300_000; turns++); for (;;) text.split("")',
  'const turn = () => text.split(""); for (;;) turn()',
  'for (;;) [1].forEach(() => text.split(""))',
  'for (;;) await text.split("")',
  'for (;;) text.split("").sort()',
  'for (;;) text.split("").toSorted()',
  'for (;;) new Float64Array(60_000).map((_, n) => -n).sort()',
  'for (;;) JSON.stringify(text.split(""))',
  'for (;;) Object.fromEntries(text.split("").entries())',
  'for (;;) Object.assign({}, text.split(""))',
  'for (;;) text.normalize("NFD")',
  'for (;;) encodeURIComponent(text)',
  'for (;;) String(text.split(""))',
  'for (;;) 3n ** 9_999n',
  '/(a+)+b/.test("a".repeat(40))',
  '/^(?:a|aa)+$/.test("a".repeat(90) + "b")',
  '"a".repeat(90).replace(/(?:a|aa)+$b/g, "")',
  '"a".repeat(90).match(/(?=(a|aa)+$b)/v)',
  'Array.from((function* () { for (;;) yield 0; })())',
  'new Set((function* () { for (;;) yield 0; })())',
  'Object.groupBy((function* () { for (;;) yield 0; })(), () => 0)',
  'JSON.parse(JSON.stringify(text.split("")), function (key, one) { for (;;); })',
  'JSON.stringify({ toJSON() { for (;;); } })',
  '`${{ toString() { for (;;); } }}`',
  '[2, 1].sort(() => { for (;;); })',
  'function* all() { for (;;) yield text.split("") } for (const one of all());',
];

describeJavascript('a step in JavaScript that runs out of time', function (backend) {
  this.timeout(120_000);
  let sandboxes: SandboxProcess;
  let repl: Repl;

  before(async () => {
    sandboxes = createSandboxes(backend);
    const context = 'ab cd\n'.repeat(200_000);
    repl = await Repl.open(sandboxes, { language: 'javascript', context });
    await repl.run('var kept = [1]; var text = context.slice(0, 60_000)');
  });
  after(() => {
    repl.sandbox.dispose();
    sandboxes.dispose();
  });

  for (const code of endless) {
    it(`keeps all variables in ${code}`, async () => {
      const { error, stateLost } = await repl.run(code, { timeoutMs: 300 });
      assert.deepStrictEqual([error?.type, stateLost], ['TimeoutError', false]);
      assert.equal(await repl.evaluate('kept'), '[ 1 ]');
    });
  }
});
