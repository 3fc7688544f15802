// Errors are told with the line of the code that failed, in the step that failed.

import assert from 'node:assert/strict';
import { describeJavascript, itIn } from '../../support/backends';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

/** Code, the error's type, and its line. */
type Row = readonly [code: string, type: string, line: number | null];

const rows: readonly Row[] = [
  // Code that cannot be read
  ['let a = 1;\nlet b = ;', 'SyntaxError', 2],
  ['\nif (true) {', 'SyntaxError', 2],
  ['\n"unterminated', 'SyntaxError', 2],
  ['\n\nreturn 5', 'SyntaxError', 3],
  ['let dup = 1;\nlet dup = 2', 'SyntaxError', 2],
  ['\n/(/', 'SyntaxError', 2],
  ['\nimport fs from "fs"', 'SyntaxError', 2],
  ['\n/\\p{RGI_Emoji}/v', 'SyntaxError', 2],
  ['\nlet a = 1;\nlet b = /[a\\p{RGI_Emoji}]/v.test("x")', 'SyntaxError', 3],
  ['\nnew RegExp("[a--b&&c]", "v")', 'SyntaxError', 2],
  ['\ngrep(/[\\w--\\d]/v); /[\\[\\p{L}]--/v; /[[a]--b]/; null.x', 'TypeError', 2],
  // At the top level
  ['\nnull.x', 'TypeError', 2],
  ['\n\nmissing', 'ReferenceError', 3],
  ['let q = 1;\nlet r = null.x', 'TypeError', 2],
  ['\nconst [a, b] = null', 'TypeError', 2],
  ['\nconst { a } = undefined', 'TypeError', 2],
  ['print(1);\nfor (const x of 5) {}', 'TypeError', 2],
  ['print(1);\nif (null.x) {}', 'TypeError', 2],
  ['print(1);\nwhile (null.x) {}', 'TypeError', 2],
  ['print(1);\nswitch (null.x) {}', 'TypeError', 2],
  ['print(1);\nclass A extends null.x {}', 'TypeError', 2],
  ['print(1);\n`${null.x}`', 'TypeError', 2],
  ['"use strict";\n\nundeclared = 5', 'ReferenceError', 3],
  ['//\n/* two\nlines */ null.x', 'TypeError', 3],
  ['\r\n\r\nnull.x', 'TypeError', 3],
  // Over several lines
  ['let q = {\n a: 1,\n b: null.x\n}', 'TypeError', 3],
  ['let q = [\n 1,\n null.x\n]', 'TypeError', 3],
  ['print(\n 1,\n null.x)', 'TypeError', 3],
  ['let q =\n missing', 'ReferenceError', 2],
  ['let q = true ?\n null.x :\n 1', 'TypeError', 2],
  ['let q = false ?\n 1 :\n null.x', 'TypeError', 3],
  ['let q = true &&\n null.x', 'TypeError', 2],
  ['let q = 1 +\n null.x', 'TypeError', 2],
  ['for (const x of\n null.x) {}', 'TypeError', 2],
  ['[1].map((x) =>\n x.y.z)', 'TypeError', 2],
  ['[1].map((x) => [x],\n null.x)', 'TypeError', 2],
  ['new Map([\n [1, 2],\n [3, null.x]])', 'TypeError', 3],
  ['`a${\n null.x}`', 'TypeError', 2],
  // In functions
  ['function f() {\n  return null.x\n}\nf()', 'TypeError', 2],
  ['(() => {\n let a = 1;\n if (null.x) {} })()', 'TypeError', 3],
  ['(() => {\n let a = 1;\n let b = null.x })()', 'TypeError', 3],
  ['(() => {\n let a = 1;\n for (const b of null) {} })()', 'TypeError', 3],
  ['[1, 2].reduce((a) => {\n return a.b.c })', 'TypeError', 2],
  ['[3, 1].sort(() => {\n throw new Error("x") })', 'Error', 2],
  ['"abc".replace(/b/, () => {\n null.x })', 'TypeError', 2],
  ['const o = { get p() {\n throw new Error("x") } };\no.p', 'Error', 2],
  ['class B { constructor() {\n null.x } }\nnew B()', 'TypeError', 2],
  ['function* g() {\n yield 1;\n null.x }\n[...g()]', 'TypeError', 3],
  ['function deep(n) {\n return n ? deep(n - 1) : null.x }\ndeep(300)', 'TypeError', 2],
  ['\n(function again() { again() })()', 'RangeError', 2],
  ['\nnew RegExp("(")', 'SyntaxError', 2],
  ['\nnew Array(-1)', 'RangeError', 2],
  ['\nFINAL(undefined)', 'TypeError', 2],
  ['\ngrep("(")', 'SyntaxError', 2],
  // Code made of text
  ['\neval("\\n\\n\\nnull.x")', 'TypeError', 2],
  ['\neval(")")', 'SyntaxError', 2],
  ['\nnew Function("null.x")()', 'TypeError', 2],
  // Asynchronous
  ['async function h() {\n await 0;\n throw new Error("x") }\nawait h()', 'Error', 3],
  ['const u = async () => {\n null.x };\nawait u()', 'TypeError', 2],
  ['\nawait Promise.reject(new Error("x"))', 'Error', 2],
  ['\nawait Promise.reject(5)', 'number', 2],
  ['await 1;\nfor await (const x of [Promise.reject(new Error("x"))]) {}', 'Error', 2],
  ['\nawait import("fs")', 'ReferenceError', 2],
  ['await Promise.all([1].map(async () => {\n await 0;\n null.x }))', 'TypeError', 3],
  // What ends a line, and what does not
  ['/*\r*/\rnull.x', 'TypeError', 3],
  ['`\r\n\r`; null.x', 'TypeError', 3],
  ['"\u2028"; `\u2029`; /* \u2028 */\nnull.x', 'TypeError', 2],
  ['let f = () => { // \u2028\n return "\u2029" + null.x };\nf()', 'TypeError', 2],
  ['"\u2028"\n)', 'SyntaxError', 2],
  ['1;\u2028null.x', 'TypeError', 1],
  ['let g = 1\u2028let h = 2\u2029\u2028\nnull.x', 'TypeError', 2],
  ['const k = () => {\u2028 null.x };\nk()', 'TypeError', 1],
  ['// c\u2029null.x', 'TypeError', 1],
  ['// c\u2029\u2028\nnull.x // \u2028', 'TypeError', 2],
  ['/* \u2028 */ `\u2028${1 +\u2028 null.x}`', 'TypeError', 1],
  ['let r = /[\\u2028]/ \u2028\n; null.x', 'TypeError', 2],
  // What is thrown
  ['\nthrow (0, new RangeError("x"))', 'RangeError', 2],
  ['\nthrow(0, 1, "x")', 'string', 2],
  ['\nthrow`boom`', 'string', 2],
  ['\nthrow{ code: 5 }', 'Object', 2],
  ['\nthrow[5]', 'Array', 2],
  ['\nawait(0, Promise.reject(5))', 'number', 2],
  ['\nawait[Promise.reject(new TypeError("x"))][0]', 'TypeError', 2],
  ['\nthrow 5', 'number', 2],
  ['\nthrow { a: 1 }', 'Object', 2],
  ['\nthrow null', 'null', 2],
  ['\nif (true) throw "text"', 'string', 2],
  ['function fail() {\n throw 5 }\nfail()', 'number', 2],
  ['let made = new Error("x");\n\nthrow made', 'Error', 3],
  ['try {\n null.x } catch (again) {\n throw again }', 'TypeError', 2],
  ['try {\n throw 5 } catch (again) {\n throw again }', 'number', 2],
  [
    'const fail = () => {\n throw new Error("x") };\ntry { fail() } catch (e) {\n throw e }',
    'Error',
    2,
  ],
  ['\nthrow Object.assign(new Error("x"), { stack: "lie" })', 'Error', 2],
  ['throw new (class Own extends Error {\n name = "Own" })("x")', 'Own', 1],
];

describeJavascript('The line of an error, in JavaScript', function (backend) {
  this.timeout(30_000);
  let bundles: Bundles;
  let host: JavascriptHost;

  before(async () => {
    bundles = await buildBundles();
    host = await JavascriptHost.start(bundles, 64, backend);
    await host.load('text');
    await host.run('function earlier() {\n\n  null.x\n}\nvar old = new Error("old")', { step: 2 });
    await host.run('async function waits() {\n await 0;\n null.x }\n0', { step: 3 });
    await host.run('function throwsText() {\n throw "text" }\n0', { step: 4 });
    await host.run('function recurses(n) { return n ? recurses(n - 1) : null.x }\n0', { step: 5 });
  });
  after(async () => {
    await host.dispose();
    await removeBundles(bundles);
  });

  for (const [code, type, line] of rows) {
    const isOfWasm = code.includes('import("fs")'); // elsewhere there are modules
    itIn(isOfWasm ? ['wasm'] : ['wasm', 'local'], backend)(
      `of ${JSON.stringify(code)} is ${line}`,
      async () => {
        const { error } = await host.run(code, { step: 9 });
        assert.deepStrictEqual([error?.type, error?.line], [type, line], error?.traceback);
      },
    );
  }

  const elsewhere: readonly Row[] = [
    ['\nearlier()', '<step 2>:3', 2],
    ['\n\nawait waits()', '<step 3>:3', 3],
    ['\nthrowsText()', '<step 4>:2', 2],
    ['\n\n\nthrow old', '<step 2>:5', 4],
    ['\nrecurses(200)', '<step 5>:1', 2],
  ];
  for (const [code, place, line] of elsewhere) {
    it(`that came in an earlier step is that of the call, and the step is named: ${JSON.stringify(code)}`, async () => {
      const { error } = await host.run(code, { step: 9 });
      assert.equal(error?.line, line);
      assert.ok(error?.traceback.includes(place), error?.traceback);
    });
  }

  /** Node tells only of the statement outside all functions. */
  const endless: readonly (readonly [code: string, line: number, onNode?: number])[] = [
    ['\nwhile (true) {\n 1 }', 2],
    ['function spin() {\n for (;;) {} }\nspin()', 2, 3],
    ['await (async () => {\n await 0;\n for (;;); })()', 3, 1],
    ['(() => {\n let a = 1;\n while (true) a++ })()', 3, 1],
    ['\n/(a+)+$/.exec("a".repeat(40) + "b")', 2],
    ['\nsleep(1e9)', 2],
  ];
  for (const [code, onWasm, onNode = onWasm] of endless) {
    const line = backend === 'wasm' ? onWasm : onNode;
    it(`where code was interrupted is told: ${JSON.stringify(code)}`, async () => {
      host.onCall = () => new Promise((resolve) => setImmediate(resolve, { interrupted: true }));
      const timer = setInterval(() => host.interrupt(), 100);
      try {
        const { error } = await host.run(code, { step: 9 });
        assert.deepStrictEqual([error?.type, error?.line], ['Interrupted', line]);
      } finally {
        clearInterval(timer);
        host.onCall = () => ({ value: null });
      }
    });
  }

  it('functions have the text they were written with', async () => {
    const code = 'async (a) => {\n  let b = {\n c: a.d };\n  if (b) throw b;\n  return b\n}';
    const { result } = await host.run(`(${code}).toString() === ${JSON.stringify(code)}`);
    assert.equal(result, 'true');
    const tight = '() => { if (0) throw`a`; throw(1, 2) }';
    assert.equal((await host.run(`(${tight}).toString()`)).result, `'${tight}'`);
    assert.equal(
      (await host.run('`${class {\n  m() { return 1 }\n}}`')).result,
      "'class {\\n  m() { return 1 }\\n}'",
    );
  });
});
