import assert from 'node:assert/strict';
import vm from 'node:vm';
import fc from 'fast-check';
import { type RewrittenStep, rewriteStep } from '../../../src/sandbox/worker/rewriteStep';

function rewrite(code: string): RewrittenStep {
  const step = rewriteStep(code);
  assert.ok(step.kind === 'step');
  return step;
}

/** Runs steps as global scripts of one realm; the value of the last. */
function runAll(...steps: readonly string[]): unknown {
  const realm = vm.createContext({});
  return steps.map((code) => vm.runInContext(rewrite(code).code, realm) as unknown).at(-1);
}

describe('rewriteStep', () => {
  it('turns top-level let and const into var, and classes into variables', () => {
    assert.equal(
      rewrite('let a = 1;\nconst { b, c: [d] } = x;\nclass A extends B { m() {} }').code,
      'var a = 1;\nvar { b, c: [d] } = x;\nvar A = class A extends B { m() {} };',
    );
  });

  it('leaves declarations inside blocks, loops and functions alone', () => {
    const code = '{ let a = 1; }\nfor (let i = 0; i < 2; i++) {}\nfunction f() { const b = 2; }';
    assert.equal(rewrite(code).code, code);
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
        const step = rewriteStep(code);
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

  it('escapes lone surrogates, which UTF-8 cannot carry', () => {
    assert.equal(rewrite("'\ud800' + '😀'").code, "'\\ud800' + '😀'");
  });

  it('refuses code that is none, with the line', () => {
    assert.deepEqual(rewriteStep('let a = 1;\nlet = = 2'), {
      kind: 'refused',
      message: 'Unexpected token',
      line: 2,
    });
  });

  it('refuses modules', () => {
    assert.equal(rewriteStep("import fs from 'fs'").kind, 'refused');
  });

  it('refuses code that is nested too deeply', () => {
    assert.equal(rewriteStep('('.repeat(20_000)).kind, 'refused');
  });
});
