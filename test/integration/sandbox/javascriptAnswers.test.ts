// What JavaScript code gives away, as answers and as arguments of calls: all of it arrives, or the call
// fails. And what is read of its variables: never by running their code.

import assert from 'node:assert/strict';
import { describeJavascript } from '../../support/backends';
import { type Bundles, JavascriptHost, buildBundles, removeBundles } from './javascriptHost';

describeJavascript('What JavaScript code gives', function (backend) {
  this.timeout(30_000);
  let bundles: Bundles;
  let host: JavascriptHost;

  before(async () => {
    bundles = await buildBundles();
    host = await JavascriptHost.start(bundles, 256, backend);
  });
  after(async () => {
    await host.dispose();
    await removeBundles(bundles);
  });

  const answers: Readonly<Record<string, string>> = {
    'FINAL("text")': 'text',
    'FINAL("")': '',
    'FINAL(0)': '0',
    'FINAL(false)': 'false',
    'FINAL(NaN)': 'NaN',
    'FINAL(-1.5)': '-1.5',
    'FINAL(12345678901234567890n)': '12345678901234567890',
    'FINAL([1, "a", null])': '[1,"a",null]',
    'FINAL({ a: undefined, b: 1 })': '{ a: undefined, b: 1 }',
    'FINAL({ at: new Date(0) })': '{"at":"1970-01-01T00:00:00.000Z"}',
    'FINAL(Object.assign(new Error("m"), { code: 5 }))': 'Error: m { code: 5 }',
    'FINAL([new Error("m", { cause: { n: 1 } })])': '[ [Error: m] { [cause]: { n: 1 } } ]',
    'FINAL(new AggregateError([new TypeError("in")], "out"))':
      'AggregateError: out { [errors]: [ [TypeError: in] ] }',
    'FINAL(new Number(5))': '[Number: 5]',
    'FINAL([new String("abc"), Object(1n), Object(true)])':
      "[ [String: 'abc'], [BigInt: 1n], [Boolean: true] ]",
    'FINAL(new DataView(new Uint8Array([1, 2, 3]).buffer, 1))': 'DataView(2) [ 2, 3 ]',
    'FINAL(new Uint8Array([1, 2]).buffer)': 'ArrayBuffer(2) [ 1, 2 ]',
    'FINAL(Object.assign([1, 2], { more: 3, [Symbol("s")]: 4 }))':
      '[ 1, 2, more: 3, [Symbol(s)]: 4 ]',
    'FINAL([Object.assign([], { more: 3 })])': '[ [ more: 3 ] ]',
    'FINAL({ [Symbol("s")]: 1 })': '{ [Symbol(s)]: 1 }',
    'FINAL(Object.assign(new Map([[1, 2]]), { more: 3 }))': 'Map(1) { 1 => 2 } { more: 3 }',
    'FINAL(Object.assign(new Set([1]), { more: 3 }))': 'Set(1) { 1 } { more: 3 }',
    'FINAL(Object.assign(/a/g, { more: 3 }))': '/a/g { more: 3 }',
    'FINAL(Object.assign(new Uint8Array(1), { more: 3 }))': 'Uint8Array(1) [ 0 ] { more: 3 }',
    'FINAL([..."abab".matchAll(/a/g)])': '[["a"],["a"]]',
    'FINAL(new Map([["a", 1]]))': "Map(1) { 'a' => 1 }",
    'FINAL(new Set([1n]))': 'Set(1) { 1n }',
    'FINAL(await Promise.resolve(4))': '4',
    'SUBMIT("plain")': 'plain',
    'SUBMIT({ answer: "inner" })': 'inner',
    'SUBMIT({ answer: { n: 1 } })': '{"n":1}',
    'SUBMIT({ answer: 1, confidence: 0.5 })': '{"answer":1,"confidence":0.5}',
    'SUBMIT({ confidence: 0.5 })': '{"confidence":0.5}',
    'SUBMIT(["a"])': '["a"]',
    'SUBMIT(answer = 7)': '7',
    'let found = { n: 1 }; FINAL_VAR("found")': '{"n":1}',
    'FINAL("first"); FINAL("last")': 'last',
  };
  for (const [code, answer] of Object.entries(answers)) {
    it(`${code} answers ${answer || 'the empty text'}`, async () => {
      const { error, finalAnswer } = await host.run(code);
      assert.deepStrictEqual({ error, finalAnswer }, { error: null, finalAnswer: answer });
    });
  }

  const failures: Readonly<Record<string, string>> = {
    'await Promise.any([Promise.reject(new Error("a")), Promise.reject(5)])': `${backend === 'wasm' ? '' : 'All promises were rejected '}{ [errors]: [ [Error: a], 5 ] }`,
    'throw new AggregateError([1], "out")': 'out { [errors]: [ 1 ] }',
    'throw new Error("out", { cause: new Error("in", { cause: 5 }) })':
      'out { [cause]: [Error: in] { [cause]: 5 } }',
    'throw Object.assign(new Error("x"), { code: "E" })': "x { code: 'E' }",
    'const loop = new Error("l"); loop.cause = loop; throw loop': 'l { [cause]: [Circular] }',
    'throw new (class Own extends Error { name = "Own" })("x")': 'x',
  };
  for (const [code, message] of Object.entries(failures)) {
    it(`an error tells what it holds beside its message: ${code}`, async () => {
      assert.equal((await host.run(code)).error?.message, message);
    });
  }

  it('FINAL answers with every item of a long collection, whatever its kind', async () => {
    const makers = ['new Set(list)', 'new Map(list.map((n) => [n, n]))', 'list.map(BigInt)'];
    for (const maker of makers) {
      const { finalAnswer } = await host.run(
        `const list = Array.from({ length: 1000 }, (_, at) => at + 10_000); FINAL(${maker})`,
      );
      const items = new Set(finalAnswer?.match(/\b1\d{4}(?=n?\b)/g));
      assert.deepStrictEqual([maker, items.size], [maker, 1000]);
    }
  });

  const refused: Readonly<Record<string, RegExp>> = {
    'FINAL()': /takes one value/,
    'FINAL(undefined)': /undefined: give it the answer/,
    'FINAL(null)': /null: give it the answer/,
    'FINAL("a", "b")': /takes one value, not 2/,
    'FINAL(() => 1)': /a function: give it what the function returns/,
    'FINAL(class A {})': /a function/,
    'FINAL(Symbol("s"))': /a symbol/,
    'FINAL(Promise.resolve(4))': /a promise: write FINAL\(await …\)/,
    'FINAL((async () => 1)())': /a promise/,
    'const loop = {}; loop.self = loop; FINAL(loop)': /it holds itself/,
    'let nest = []; for (let n = 0; n < 1e5; n++) nest = [nest]; FINAL(nest)': /nested too deeply/,
    'FINAL({ get x() { throw 1 } })': /holds a getter/,
    'FINAL("x".repeat(500_001))': /500001 characters, and at most 500000/,
    'SUBMIT()': /takes one value/,
    'SUBMIT({ answer: undefined })': /undefined/,
    'SUBMIT({ answer: null })': /null/,
    'SUBMIT("a", "b")': /takes one value, not 2/,
    'FINAL_VAR("missing")': /no variable is called 'missing'; there are: /,
    'FINAL_VAR(5)': /no variable is called 5/,
    'let empty; FINAL_VAR("empty")': /undefined/,
    'llm_query()': /a prompt must be text, not undefined/,
    'llm_query(null)': /a prompt must be text, not null/,
    'llm_query(Promise.resolve("a"))': /await it first/,
    'llm_query("a", { model: "b" })': /model must be a name/,
    'llm_query_batched("a")': /prompts must be an array/,
    'llm_query_batched(["a", undefined])': /a prompt must be text/,
    'rlm_query("a", 5)': /context must be text/,
    'rlm_query("a", () => 1)': /context must be text/,
    'rlm_query("a", new Set(["b"]))': /context must be text/,
    'rlm_query("a", { b: undefined })': /context\['b'\] must be text, not undefined/,
    'rlm_query("a", new Map([[1, "b"]]))': /the keys of context must be texts/,
    'rlm_query_batched(["a"], [5])': /contexts\[0\] must be text/,
    'rlm_query_batched(["a"], "b")': /contexts must be an array/,
  };
  for (const [code, message] of Object.entries(refused)) {
    it(`${code} is refused, with what to do`, async () => {
      const before = host.calls.length;
      const { error, finalAnswer } = await host.run(code);
      assert.match(error?.message ?? '', message);
      assert.deepStrictEqual([error?.line, finalAnswer, host.calls.length], [1, null, before]);
    });
  }

  const contexts: Readonly<Record<string, unknown>> = {
    '"text"': 'text',
    '"\\ud800"': '\ud800',
    null: null,
    '["a", "b"]': ['a', 'b'],
    '{ "a.txt": "x", "b.txt": "y" }': { 'a.txt': 'x', 'b.txt': 'y' },
    'new Map([["a", "x"], ["__proto__", "y"]])': JSON.parse('{"a":"x","__proto__":"y"}') as unknown,
    'Object.assign(Object.create(null), { a: "x" })': { a: 'x' },
    '{ a: { n: 1 } }': { a: '{"n":1}' },
  };
  for (const [context, sent] of Object.entries(contexts)) {
    it(`rlm_query hands on ${context}`, async () => {
      await host.run(`rlm_query("task", ${context})`);
      await host.run(`rlm_query_batched(["task"], [${context}])`);
      assert.deepStrictEqual(
        host.calls.slice(-2).map((call) => call.args),
        [
          ['task', sent, null],
          [['task'], [sent], null],
        ],
      );
    });
  }

  const readings: Readonly<Record<string, readonly [string, string, string, string | null]>> = {
    '"text"': ['string', 'text', 'text', null],
    '{ a: [1, "b"] }': ['Object', 'json', '{"a":[1,"b"]}', null],
    '{ toJSON() { ran = 1; return 5 }, b: 1 }': [
      ...(['Object', 'repr', '{ toJSON: [Function: toJSON], b: 1 }', null] as const),
    ],
    '{ get a() { ran = 1 }, b: 1 }': [
      ...(['Object', 'repr', '{ a: [Getter], b: 1 }'] as const),
      'it holds a getter, and nothing is run to show a value',
    ],
    'new Proxy({ a: 1 }, { get() { ran = 1 }, ownKeys() { ran = 1; return [] } })': [
      ...(['Object', 'repr', '{ a: 1 }', null] as const),
    ],
    '{ toString() { ran = 1 }, [Symbol.toPrimitive]() { ran = 1 } }': [
      ...(['Object', 'repr'] as const),
      '{\n  toString: [Function: toString],\n  [Symbol(Symbol.toPrimitive)]: [Function: [Symbol.toPrimitive]]\n}',
      null,
    ],
    'new (class Box { get [Symbol.toStringTag]() { ran = 1 } a = 1 })()': [
      ...(['Box', 'repr', 'Box { a: 1 }', null] as const),
    ],
    '(class { static get name() { ran = 1 } })': ['class', 'repr', '[class (anonymous)]', null],
    'Object.assign(new Error("x"), { toString() { ran = 1 } })': [
      'Error',
      'repr',
      'Error: x { toString: [Function: toString] }',
      null,
    ],
    'Object.assign([1], { toJSON() { ran = 1 } })': [
      'Array',
      'repr',
      '[ 1, toJSON: [Function: toJSON] ]',
      null,
    ],
    'Object.assign(new Date(0), { toISOString() { ran = 1 } })': [
      ...(['Date', 'repr'] as const),
      '1970-01-01T00:00:00.000Z { toISOString: [Function: toISOString] }',
      null,
    ],
    'Object.assign(new Error("m", { cause: new TypeError("c") }), { code: undefined })': [
      ...(['Error', 'repr'] as const),
      'Error: m { [cause]: [TypeError: c], code: undefined }',
      null,
    ],
    'Object.defineProperty([1], "more", { enumerable: true, get() { ran = 1 } })': [
      ...(['Array', 'repr', '[ 1, more: [Getter] ]'] as const),
      'it holds a getter, and nothing is run to show a value',
    ],
    'new (class Box { #inner = 1; a = 2 })()': [
      ...([
        'Box',
        'repr',
        'Box { a: 2 }',
        'its class has private parts, which do not show',
      ] as const),
    ],
  };
  for (const [value, [type, form, text, incomplete]] of Object.entries(readings)) {
    it(`${value} is read and shown without running its code`, async () => {
      await host.run('var ran = 0');
      await host.run(`var shown = ${value}`);
      const totalChars = text.length;
      assert.deepStrictEqual(await host.read('shown'), {
        type,
        text,
        form,
        totalChars,
        incomplete,
      });
      assert.equal((await host.read('ran'))?.text, '0');
    });
  }

  it('a global that is computed is shown as such', async () => {
    await host.run('Object.defineProperty(globalThis, "computed", { get() { for (;;); } })');
    const value = await host.read('computed');
    assert.deepStrictEqual([value?.type, value?.text], ['getter', '[Getter]']);
    assert.match(value?.incomplete ?? '', /getter/);
    await host.run('delete globalThis.computed');
  });

  it('values too deep or too long to be shown whole say so', async () => {
    await host.run('var deep = 1; for (let n = 0; n < 1e5; n++) deep = [deep]');
    await host.run('var long = [1n, "x".repeat(2e6)]');
    assert.equal((await host.read('deep'))?.incomplete, 'it is nested too deeply');
    assert.equal((await host.read('long'))?.incomplete, 'it is too long');
  });

  it('a page is bounded, whatever is asked for', async () => {
    await host.run('var wide = "x".repeat(3e6)');
    const page = await host.read('wide', 0, 60_000_000);
    assert.deepStrictEqual([page?.text.length, page?.totalChars], [1_000_000, 3_000_000]);
  });

  it('a variable in the place of a built-in is a variable', async () => {
    const { changes, variables } = await host.run('Map = { a: 1 }');
    assert.deepStrictEqual(
      changes.map(({ name, change }) => [name, change]),
      [['Map', 'added']],
    );
    assert.ok(variables.includes('Map'));
    assert.equal((await host.read('Map'))?.text, '{"a":1}');
    await host.run('delete globalThis.Map');
    assert.equal((await host.run('new Map([[1, 2]]).size')).result, '1');
  });
});
