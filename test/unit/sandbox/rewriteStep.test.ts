import assert from 'node:assert/strict';
import vm from 'node:vm';
import fc from 'fast-check';
import { type RewrittenStep, rewriteStep } from '../../../src/sandbox/worker/rewriteStep';

function rewrite(code: string): RewrittenStep {
  const step = rewriteStep(code, 1);
  assert.ok(step.kind === 'step');
  return step;
}

/** Without the marks of markLines.ts. */
function withoutMarks(code: string): string {
  return code
    .replace(/ \$rlm_(?:thrown\(\d+,\d+,\d+,|awaiting\(\d+,)|\$rlm_at\([^)]*\);/g, '')
    .replace(/0\|0\/\*~rlm~\*\/;|\(0\|0\/\*~rlm~\*\/,|\/\*~rlm~\*\/\)/g, '');
}

const markFunctions = {
  $rlm_at: () => undefined,
  $rlm_thrown: (...values: unknown[]) => values.at(-1),
};

describe('rewriteStep', () => {
  it('leaves declarations as they are', () => {
    for (const code of [
      'let a = 1;\nconst { b, c: [d] } = x;\nclass A extends B { m() {} }',
      '{ let a = 1; }\nfor (let i = 0; i < 2; i++) {}\nfunction f() { const b = 2; }',
    ]) {
      assert.equal(withoutMarks(rewrite(code).code), code);
    }
  });

  it('lets a declaration use the function of the REPL whose name it takes, unless that is a variable', () => {
    const code = 'const count = count("a"), rest = 1; let lines, head = head(3)';
    const expected = 'var count = count("a"), rest = 1; var lines = undefined, head = head(3)';
    assert.equal(withoutMarks(rewrite(code).code), expected);
    const own = [
      'const count = x.count',
      'const count = { count: 1 }',
      'const own = own(1)',
      'const count = count("a"); count = 2',
    ];
    for (const text of own) {
      assert.equal(withoutMarks(rewrite(text).code), text);
    }
    const later = rewriteStep('let count = count + 1', 2, {
      lexical: new Set(['count']),
      carriers: new Set(),
    });
    assert.ok(later.kind === 'step');
    assert.equal(withoutMarks(later.code), 'let count = count + 1');
  });

  it('keeps the number of lines', () => {
    const words = ['let a = 1', 'const b = `x\ny`', 'class C {\n}', 'f()', '', '// note', 'let z'];
    const anyCode = fc.array(fc.constantFrom(...words)).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(anyCode, (code) => {
        const step = rewriteStep(code, 1);
        const before = code.split('\n').length;
        return step.kind === 'refused' || step.code.split('\n').length === before;
      }),
    );
  });

  it('finds await at the top level and only there', () => {
    const isAsync = (code: string): boolean => rewrite(code).isAsync;
    assert.deepEqual(
      [
        'await f()',
        'if (a) { for await (const x of y) {} }',
        'const a = [1, await (async () => 2)()]',
        'async function f() { await 1 }',
        'const f = async () => { await 1 }',
        'class A { async m() { await 1 } }',
        'f("await x")',
      ].map(isAsync),
      [true, true, true, false, false, false, false],
    );
  });

  it('has a result when the step ends with an expression', () => {
    const hasResult = (code: string): boolean => rewrite(code).hasResult;
    assert.deepEqual(
      ['1; a + 1', '({ a })', 'a + 1; let b = 2', 'for (;;) { f() }', 'function f() {}', ''].map(
        hasResult,
      ),
      [true, true, false, false, false, false],
    );
  });

  it('keeps no more of many names than their code is long', () => {
    const calls = Array.from({ length: 3_000 }, (_, n) => `f${n}(x${n}, y)`).join(';');
    const step = rewrite(`function all() { ${calls} }`);
    const kept = step.declarations.reduce(
      (sum, { given, mentions }) => sum + given.size + mentions.size,
      0,
    );
    assert.ok(kept < 20_000, `${kept} names`);
  });

  it('says which names the code mentions, and which its declarations do', () => {
    const step = rewrite(
      'function add(x) { rows.push(x) }\nconst [a, { b = seed }] = pair; add(a)',
    );
    assert.deepEqual([...step.mentions], ['add', 'x', 'rows', 'push', 'a', 'b', 'seed', 'pair']);
    assert.deepEqual(
      step.declarations.map(({ given, mentions }) => [[...given].sort(), [...mentions]]),
      [
        [
          ['add', 'rows', 'x'],
          ['add', 'x', 'rows', 'push'],
        ],
        [
          ['a', 'b'],
          ['a', 'b', 'seed', 'pair'],
        ],
      ],
    );
  });

  const marked = [
    'let a = { get x() { return 1 },\n b: 2,\n ["c"]: 3,\n d: [4,\n ...[5]] };\n[a.b, a.c, a.d.length]',
    'let n = 0\nfor (const q of\n [1, 2]) if (q > 1) n += q; else n += 10\nn',
    'let s = ""\nouter: for (let i = 0; i < 3; i++) {\n for (;;) { s += i; continue outer } }\ns',
    'const f = (a,\n b = a + 1,\n ...rest) => a +\n b + rest.length\nf(1,\n 2,\n 3)',
    'function g(n) { if (n) return n *\n g(n - 1)\n return 1 }\ng(5)',
    'let out; switch (2) { case 1: out = 1; break; case 2: let t = 5\n out = t }\nout',
    'let r; try { throw\u0020{ n: 1 } } catch ({ n }) { r = n } finally { var w = 2 }\nr + w',
    'let anonymous =\n () => 1, k =\n class {}\nanonymous.name + k.name',
    'let o = { a: { b: null } }\no?.a\n?.b?.c ?? (o.a ||\n 7).b',
    'let i = 0\ndo { i++ } while (i < 3)\nif (i) { let i = 9; var j = i }\ni + j',
    'class P { static s = 1; #p = 2; static { this.t =\n 3 } get p() { return this.#p } }\nP.s + P.t + new P().p',
    '"use strict"\nlet strict = (function () { return this })() === undefined\nstrict',
    'let { p, q: [v = 3] = [] } = {\n p: 1 };\n[p, v]',
    'let tag = (t, ...v) => t.join("-") + v\ntag`a${\n 1 }b`',
    'function* gen() { const got = yield\n yield got + (yield\n) }\n[...gen()].length',
    'delete\nMath.nothing, typeof\nnothing',
  ];
  for (const code of marked) {
    it(`means the same with marks: ${JSON.stringify(code)}`, () => {
      const run = (text: string): unknown =>
        vm.runInNewContext(text, { ...markFunctions }) as unknown;
      assert.equal(JSON.stringify(run(rewrite(code).code)), JSON.stringify(run(code)));
    });
  }

  it('escapes lone surrogates, which UTF-8 cannot carry', () => {
    assert.equal(withoutMarks(rewrite("'\ud800' + '😀'").code), "'\\ud800' + '😀'");
  });

  it('refuses code that is none, with the line', () => {
    assert.deepEqual(rewriteStep('let a = 1;\nlet = = 2', 1), {
      kind: 'refused',
      message: 'Unexpected token',
      line: 2,
    });
  });

  it('refuses modules', () => {
    assert.equal(rewriteStep("import fs from 'fs'", 1).kind, 'refused');
  });

  it('refuses code that is nested too deeply', () => {
    assert.equal(rewriteStep('('.repeat(20_000), 1).kind, 'refused');
  });
});
