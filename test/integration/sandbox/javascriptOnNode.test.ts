// The REPL of JavaScript on every backend: one table of sessions, and what each of their steps comes to.

import assert from 'node:assert/strict';
import type { HostCall, Outcome } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describeJavascript, nodeImage } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

type Seen = Partial<Record<'result' | 'stdout' | 'stderr' | 'error' | 'line' | 'answer', unknown>>;

/** Steps of one session, each with what of its outcome is looked at. */
const sessions: Readonly<Record<string, readonly (readonly [code: string, seen: Seen])[]>> = {
  'keep what they declare': [
    ['let a = 1, b = [a]; const c = 2; class D { x = c } var e; function f() { return a + c }', {}],
    ['a += 1; [a, b, c, new D(), e, f()]', { result: '[ 2, [ 1 ], 2, D { x: 2 }, undefined, 4 ]' }],
    ['let a = 10; f()', { result: '12' }],
    ['c = 3', { error: 'TypeError', line: 1 }],
    ['const c = 5; f()', { result: '15' }],
    ['a;\nlet a = a', { error: 'ReferenceError', line: 1 }],
    ['a', { result: '10' }],
    ['delete globalThis.a; typeof a', { result: "'undefined'" }],
    ['globalThis.c2 = c; var c = 6; c = 7; [c, c2]', { result: '[ 7, 5 ]' }],
  ],
  'name functions and take patterns apart': [
    [
      'let f = () => 1, { g = function () {}, ...rest } = { h: 2 }, [k, , l = class {}] = [3]\n;[f.name, g.name, rest, k, l.name]',
      { result: "[ 'f', 'g', { h: 2 }, 3, 'l' ]" },
    ],
    ['let m\n;(() => { m = 4 })(); m', { result: '4' }],
    ['f.toString()', { result: "'() => 1'" }],
    ["'use strict'; var s = 1; function t(x) { return x + s } t(1)", { result: '2' }],
    ['t.name + t.length + typeof s', { result: "'t1number'" }],
    ["'use strict'; unknown = 1", { error: 'ReferenceError', line: 1 }],
  ],
  await: [
    [
      'let one = await Promise.resolve(1);\nfunction two() { return one + 1 }\ntwo()',
      { result: '2' },
    ],
    [
      'for (var i = 0, n = 0; i < 3; i++) { n += await i }\nvar [p, q = i] = [n];\n[p, q]',
      { result: '[ 3, 3 ]' },
    ],
    ['two() + n', { result: '5' }],
    ['(await 1) + 1', { result: '2' }],
    ['\nawait Promise.reject(new TypeError("no"))', { error: 'TypeError', line: 2 }],
    ['await new Promise(() => {})', { error: 'Error' }],
    ['if (true) { await 0; function inner() { return 7 } }\ninner()', { result: '7' }],
    ['inner()', { result: '7' }],
  ],
  'tell errors and their lines': [
    ['function fails() {\n  null.x;\n}\n\nfails()', { error: 'TypeError', line: 2 }],
    ['\nfails()', { error: 'TypeError', line: 2 }],
    ['1;\n\nthrow "text"', { error: 'string', line: 3 }],
    ['let x = ;', { error: 'SyntaxError', line: 1 }],
    ['\nPromise.reject(new RangeError("unheard"))', { error: 'RangeError', line: 2 }],
    ['function deep(n) { return deep(n + 1) } deep(0)', { error: 'RangeError' }],
  ],
  'print and answer': [
    ['print("a", { b: [1] }); console.error("c")', { stdout: 'a { b: [ 1 ] }\n', stderr: 'c\n' }],
    ['"text"', { result: "'text'" }],
    ['undefined', { result: null }],
    ['SUBMIT({ a: [1] })', { answer: '{"a":[1]}' }],
    ['const kept = "x"; FINAL_VAR("kept")', { answer: 'x' }],
  ],
  'look through the context': [
    ['typeof context + context.length', { result: "'string25'" }],
    ['const hits = grep(/n\\w+le/); hits', { result: '1:2: a needle here\n2:18: two needles' }],
    [
      '[hits[1].text, hits[1].line, hits.length, count("needle")]',
      { result: "[ 'needle', 2, 2, 2 ]" },
    ],
    ['search("needles").length', { result: '1' }],
    ['lines(2, 2).text', { result: "'two needles'" }],
    ['context = 1; grep("two").length', { result: '1' }],
  ],
  'ask the host': [
    ['llm_query("one")', { result: "'ONE'" }],
    ['sleep(1); await (async () => llm_query("two"))()', { result: "'TWO'" }],
  ],
};

const everywhere = ['wasm', 'local', 'container', 'daytona', 'kubernetes'] as const;
const context = 'a needle here\ntwo needles';
const answer = ({ args }: HostCall): Promise<unknown> =>
  Promise.resolve(String(args[0]).toUpperCase());

function toSeen({ stdout, stderr, result, error, finalAnswer }: Outcome): Required<Seen> {
  const [type, line] = [error?.type ?? null, error?.line ?? null];
  return { result, stdout, stderr, error: type, line, answer: finalAnswer };
}

describeJavascript(
  'JavaScript sessions',
  function (backend) {
    this.timeout(120_000);
    let sandboxes: SandboxProcess;
    before(() => {
      sandboxes = createSandboxes(backend, [], nodeImage);
    });
    after(() => sandboxes.dispose());

    for (const [title, steps] of Object.entries(sessions)) {
      it(title, async () => {
        const repl = await Repl.open(sandboxes, { language: 'javascript', context });
        try {
          for (const [code, expected] of steps) {
            const outcome = await repl.run(code, { onHostCall: answer });
            const seen = Object.fromEntries(
              Object.entries(toSeen(outcome)).filter(([key]) => key in expected),
            );
            assert.deepStrictEqual(seen, expected, `${code}: ${JSON.stringify(outcome)}`);
          }
        } finally {
          repl.sandbox.dispose();
        }
      });
    }
  },
  everywhere,
);
