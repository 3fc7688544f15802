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
    .replace(/ \$rlm_(?:thrown\(\d+,\d+,\d+,|awaiting\(\d+,)|\$rlm_(?:at|open)\([^)]*\);/g, '')
    .replace(/0\|0\/\*~rlm~\*\/;|\(0\|0\/\*~rlm~\*\/,|\/\*~rlm~\*\/\)/g, '');
}

const markFunctions = {
  $rlm_at: () => undefined,
  $rlm_open: () => undefined,
  $rlm_thrown: (...values: unknown[]) => values.at(-1),
};

/** Runs steps as global scripts of one realm; the value of the last. */
function runAll(...steps: readonly string[]): unknown {
  const realm = vm.createContext({ ...markFunctions });
  return steps.map((code) => vm.runInContext(rewrite(code).code, realm) as unknown).at(-1);
}

describe('rewriteStep', () => {
  it('turns top-level let and const into var, and classes into variables', () => {
    assert.equal(
      withoutMarks(
        rewrite('let a = 1;\nconst { b, c: [d] } = x;\nclass A extends B { m() {} }').code,
      ),
      'var a = 1;\nvar { b, c: [d] } = x;\nvar A = class A extends B { m() {} };',
    );
  });

  it('leaves declarations inside blocks, loops and functions alone', () => {
    const code = '{ let a = 1; }\nfor (let i = 0; i < 2; i++) {}\nfunction f() { const b = 2; }';
    assert.equal(withoutMarks(rewrite(code).code), code);
  });

  it('lets names be declared again in later steps', () => {
    assert.equal(
      runAll('let a = 1; class A {}', 'const a = 2; class A { x = 3 }', 'a + new A().x'),
      5,
    );
  });

  it('sets a let without a value to undefined again', () => {
    assert.equal(runAll('let a = 1, b = 2', 'let a, b = 3', 'String(a) + b'), 'undefined3');
  });

  it('ends a rewritten declaration, so that the next line is not read into it', () => {
    assert.equal(runAll('class A {}\n[1, 2].length'), 2);
    assert.equal(runAll('let a\n(7)'), 7);
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

  it('says which names the code mentions, and which its declarations do', () => {
    const step = rewrite(
      'function add(x) { rows.push(x) }\nconst [a, { b = seed }] = pair; add(a)',
    );
    assert.deepEqual([...step.mentions], ['add', 'x', 'rows', 'push', 'a', 'b', 'seed', 'pair']);
    assert.deepEqual(
      [...step.declarations].map(([name, mentions]) => [name, [...mentions]]),
      [
        ['add', ['add', 'x', 'rows', 'push']],
        ['a', ['a', 'b', 'seed', 'pair']],
        ['b', ['a', 'b', 'seed', 'pair']],
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

/** What takes a body to a program, so that `k` within it is this or that. */
const wrappers: readonly ((body: string) => string)[] = [
  (body) => body,
  (body) => `{ ${body} }`,
  (body) => `if (true) { ${body} }`,
  (body) => `{ let k = 0; ${body} }`,
  (body) => `{ const o = {}; ${body} }`,
  (body) => `{ class k {} ${body} }`,
  (body) => `{ function k() {} ${body} }`,
  (body) => `(function () { ${body} })();`,
  (body) => `(() => { ${body} })();`,
  (body) => `(function (k) { ${body} })(0);`,
  (body) => `(({ k }) => { ${body} })({ k: 0 });`,
  (body) => `((a, [b, ...k]) => { ${body} })(0, [1]);`,
  (body) => `(function k() { ${body} })();`,
  (body) => `(function () { var k; ${body} })();`,
  (body) => `(function () { { var k = 0; } ${body} })();`,
  (body) => `(function () { ${body}; function k() {} })();`,
  (body) => `(function () { for (var k of [1]) {} ${body} })();`,
  (body) => `(function () { (function () { var k; })(); ${body} })();`,
  (body) => `try { throw 0; } catch (k) { ${body} }`,
  (body) => `try { throw { k: 0 }; } catch ({ k }) { ${body} }`,
  (body) => `try { throw 0; } catch { ${body} }`,
  (body) => `for (let k of [0]) { ${body} }`,
  (body) => `for (let k = 0; ;) { ${body}; break; }`,
  (body) => `switch (0) { case 0: let k; ${body} }`,
  (body) => `switch (0) { case 0: ${body} }`,
  (body) => `(class { static m() { ${body} } }).m();`,
  (body) => `(class k { static m() { ${body} } }).m();`,
  (body) => `(class { static { ${body} } });`,
];
const bodies = [
  ...['k = 2;', 'k += 1;', 'k++;', '--k;', '[k] = [2];', '({ k } = { k: 2 });', '(k) = 2;'],
  ...['({ a: k } = { a: 2 });', '({ k = 3 } = {});', '[...k] = [1];', 'for (k of [1]);'],
  ...['for (k in { a: 1 });', 'k ||= 2;', 'k &&= 2;', 'k ??= 2;', '[[k = 1]] = [[]];'],
  ...[
    'k;',
    'o.k = 1;',
    '({ k: o.k } = { k: 1 });',
    'typeof k;',
    'for (o.k of [1]);',
    '[o[k]] = [1];',
  ],
  ...['(() => { k = 2; })();', '({ m(x = (k = 5)) {} }).m();', '`${k++}`;'],
];
const program = fc
  .tuple(fc.array(fc.constantFrom(...wrappers), { maxLength: 3 }), fc.constantFrom(...bodies))
  .map(([around, body]) => around.reduce((inner, wrap) => wrap(inner), body));

function nameOfError(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return (error as { name: string }).name; // of another realm
  }
}

describe('assignments to constants', () => {
  const constants = {
    get: (): number => 1,
    set: () => {
      throw new TypeError('constant');
    },
  };
  const realm = () =>
    vm.createContext({ ...markFunctions, o: {}, k: 1, $rlm_constants: new Proxy({}, constants) });

  it('fail as the language says, in the step of the constant and in a later one', () => {
    fc.assert(
      fc.property(program, (code) => {
        const own = `const k = 1; ${code}`;
        const expected = nameOfError(() => vm.runInContext(own, vm.createContext({ o: {} })));
        const later = rewriteStep(code, 2, new Set(['k']));
        assert.ok(later.kind === 'step');
        for (const rewritten of [rewrite(own), later]) {
          const failed = nameOfError(() => vm.runInContext(rewritten.code, realm()));
          assert.equal(failed, expected, rewritten.code);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('are let be where a step declares the name again', () => {
    for (const code of ['let k = 2', 'const k = 2', 'var k = 2', 'class k {}', 'function k() {}']) {
      const step = rewriteStep(
        `${code}\n;{ var other }\n${code.startsWith('const') ? 'k' : 'k = 3'}`,
        2,
        new Set(['k']),
      );
      assert.ok(step.kind === 'step');
      assert.equal(step.code.includes('$rlm_constants'), false, step.code);
    }
  });
});
