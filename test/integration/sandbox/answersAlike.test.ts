// What the code may give as an answer, to a sub-model and to a child session is the same in both languages; what is
// refused is refused with what to do. Longer than usual: a table.

import assert from 'node:assert/strict';
import { type HostCall, type Language, languages } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { describePython } from '../../support/backends';
import { Repl, createSandboxes } from '../../support/repl';

/** The same in Python and in JavaScript; what a language has no counterpart of is null. */
type Pair<T> = readonly [python: T, javascript: T];
type Code = string | null;

const answered: readonly (readonly [
  python: Code,
  javascript: Code,
  answer: string | Pair<string>,
])[] = [
  ['FINAL("text")', 'FINAL("text")', 'text'],
  ['FINAL(answer="text")', null, 'text'],
  ['FINAL("")', 'FINAL("")', ''],
  ['FINAL(0)', 'FINAL(0)', '0'],
  ['FINAL(False)', 'FINAL(false)', 'false'],
  ['FINAL(float("nan"))', 'FINAL(NaN)', ['nan', 'NaN']],
  ['FINAL(b"x")', 'FINAL(new Uint8Array([120]))', ["b'x'", 'Uint8Array(1) [ 120 ]']],
  ['FINAL([1, "a", None])', 'FINAL([1, "a", null])', ['[1, "a", null]', '[1,"a",null]']],
  ['FINAL({"a": {"b": []}})', 'FINAL({ a: { b: [] } })', ['{"a": {"b": []}}', '{"a":{"b":[]}}']],
  ['FINAL([(1, {2})])', 'FINAL([new Set([2])])', ['[(1, {2})]', '[ Set(1) { 2 } ]']],
  ['class A: pass\na = A(); a.x = 1\nFINAL([a])', null, '[<A x=1>]'],
  ['SUBMIT("text")', 'SUBMIT("text")', 'text'],
  ['SUBMIT(answer="text")', 'SUBMIT({ answer: "text" })', 'text'],
  ['SUBMIT({"answer": "text"})', 'SUBMIT({ answer: "text" })', 'text'],
  [
    'SUBMIT(answer=1, sure=2)',
    'SUBMIT({ answer: 1, sure: 2 })',
    ['{"answer": 1, "sure": 2}', '{"answer":1,"sure":2}'],
  ],
  ['SUBMIT(sure=2)', 'SUBMIT({ sure: 2 })', ['{"sure": 2}', '{"sure":2}']],
  ['v = [1]\nFINAL_VAR("v")', 'var v = [1]; FINAL_VAR("v")', '[1]'],
  ['FINAL("first")\nFINAL("last")', 'FINAL("first"); FINAL("last")', 'last'],
  [
    'async def f(): return 4\nFINAL(await f())',
    'async function f() { return 4 }\nFINAL(await f())',
    '4',
  ],
  [
    'FINAL(grep("two"))',
    'FINAL(grep("two"))',
    [
      '[{"start": 4, "end": 7, "line": 1, "text": "two", "line_text": "one two"}]',
      '[{"start":4,"end":7,"line":1,"text":"two","lineText":"one two"}]',
    ],
  ],
  ['FINAL("x" * 500_000)', 'FINAL("x".repeat(500_000))', 'x'.repeat(500_000)],
];

const refused: readonly (readonly [python: Code, javascript: Code, message: RegExp])[] = [
  ['FINAL()', 'FINAL()', /FINAL takes one value, not 0/u],
  ['FINAL("a", "b")', 'FINAL("a", "b")', /FINAL takes one value, not 2/u],
  ['SUBMIT()', 'SUBMIT()', /SUBMIT takes one value, not 0/u],
  ['SUBMIT("a", "b")', 'SUBMIT("a", "b")', /SUBMIT takes one value, not 2/u],
  ['FINAL(sure=1)', null, /FINAL takes one value/u],
  ['FINAL(None)', 'FINAL(null)', /given (None|null): give it the answer/u],
  [null, 'FINAL(undefined)', /given undefined: give it the answer/u],
  ['FINAL(...)', null, /given Ellipsis: give it the answer/u],
  ['SUBMIT(answer=None)', 'SUBMIT({ answer: null })', /given (None|null): give it the answer/u],
  ['n = None\nFINAL_VAR("n")', 'var n; FINAL_VAR("n")', /given (None|undefined): give it/u],
  ['FINAL(lambda: 1)', 'FINAL(() => 1)', /a function: give it what the function returns/u],
  ['FINAL(print)', 'FINAL(print)', /a function: give it what the function returns/u],
  ['FINAL("".join)', 'FINAL("".concat)', /a function/u],
  ['import functools\nFINAL(functools.partial(print))', 'FINAL(print.bind(null))', /a function/u],
  ['FINAL({"f": [lambda: 1]})', null, /holds a function/u],
  ['FINAL(int)', 'FINAL(class A {})', /a class|a function/u],
  ['import re\nFINAL(re)', 'FINAL(Symbol("s"))', /(a module|a symbol): give it text or data/u],
  ['async def f(): pass\nFINAL(f())', 'FINAL((async () => 1)())', /write FINAL\(await …\)/u],
  ['async def f(): pass\nSUBMIT(f())', 'SUBMIT(Promise.resolve(1))', /write SUBMIT\(await …\)/u],
  ['async def f(): pass\nFINAL([f()])', 'FINAL([Promise.resolve(1)])', /a coroutine|a promise/u],
  ['FINAL(x for x in "ab")', 'FINAL((function* () { yield 1 })())', /an iterator.*write FINAL\(/u],
  ['FINAL(map(str, [1]))', 'FINAL([1].values())', /an iterator/u],
  ['FINAL(iter([1]))', 'FINAL(new Map().keys())', /an iterator/u],
  ['import itertools\nFINAL(itertools.count())', 'FINAL("a".matchAll(/a/g))', /an iterator/u],
  ['FINAL([x for x in [zip()]])', 'FINAL([[].values()])', /an iterator/u],
  [
    'async def g(): yield 1\nFINAL(g())',
    'FINAL((async function* () { yield 1 })())',
    /an async generator/u,
  ],
  ['FINAL(open("/tmp/x", "w"))', null, /a file: give it what the file holds/u],
  ['import io\nFINAL({"a": io.StringIO("a")})', null, /holds a file/u],
  ['import re\nFINAL(re.match("a" * 60, "a" * 60))', null, /a match: give its text/u],
  ['FINAL(object())', 'FINAL(new WeakMap())', /does not (say|show)/u],
  ['FINAL(memoryview(b"a"))', 'FINAL([new WeakRef({})])', /does not (say|show)/u],
  ['l = []\nl.append(l)\nFINAL(l)', 'const l = []; l.push(l); FINAL(l)', /holds itself/u],
  ['m = {}\nm["m"] = (m,)\nFINAL(m)', 'const m = {}; m.m = [m]; FINAL(m)', /holds itself/u],
  [
    'd = []\nfor _ in range(10**5): d = [d]\nFINAL(d)',
    'let d = []; for (let n = 0; n < 1e5; n++) d = [d]; FINAL(d)',
    /nested (deeper|too deeply)/u,
  ],
  ['FINAL("x" * 500_001)', 'FINAL("x".repeat(500_001))', /500001 characters, and at most 500000/u],
  ['FINAL("\\U0001F600" * 250_001)', 'FINAL("😀".repeat(250_001))', /500002 characters/u],
  ['FINAL(list(range(200_000)))', 'FINAL([...Array(200_000).keys()])', /characters, and at most/u],
  ['FINAL([(1.5,)] * 200_000)', 'FINAL(Array(200_000).fill([1n]))', /at most|too long/u],
  ['FINAL_VAR("nope")', 'FINAL_VAR("nope")', /no variable is called 'nope'; there are: .*context/u],
  ['FINAL_VAR(5)', 'FINAL_VAR(5)', /no variable is called 5; there are: .*context/u],
  ['FINAL_VAR([1])', 'FINAL_VAR([1])', /no variable is called \[ ?1 ?\]/u],
  ['FINAL_VAR("grep")', 'FINAL_VAR("grep")', /no variable is called 'grep'/u],
  ['llm_query(None)', 'llm_query(null)', /a prompt must be text, not (None|null)/u],
  ['async def f(): pass\nllm_query(f())', 'llm_query(Promise.resolve(1))', /await it first/u],
  ['llm_query(x for x in "a")', 'llm_query([1].values())', /prompt.* an iterator/u],
  ['llm_query("a", ["b"])', 'llm_query("a", ["b"])', /model must be a name/u],
  ['llm_query_batched("abc")', 'llm_query_batched("abc")', /prompts must be a(n array| list)/u],
  ['llm_query_batched(["a", None])', 'llm_query_batched(["a", null])', /a prompt must be text/u],
  ['rlm_query("a", 5)', 'rlm_query("a", 5)', /context must be text/u],
  ['rlm_query("a", b"x")', 'rlm_query("a", () => 1)', /context must be text/u],
  ['rlm_query("a", {"b": None})', 'rlm_query("a", { b: null })', /context\['b'\] must be text/u],
  ['rlm_query("a", {1: "x"})', 'rlm_query("a", new Map([[1, "x"]]))', /keys of context must be/u],
  ['rlm_query("a", ["b", None])', 'rlm_query("a", ["b", null])', /context\[1\] must be text/u],
  ['rlm_query_batched(["a"], [5])', 'rlm_query_batched(["a"], [5])', /contexts\[0\] must be text/u],
  ['rlm_query_batched(["a"], "b")', 'rlm_query_batched(["a"], "b")', /contexts must be a/u],
];

/** What arrives at the host as the arguments of a call. */
const sent: readonly (readonly [
  python: Code,
  javascript: Code,
  args: Pair<unknown> | unknown[],
])[] = [
  ['llm_query("a", "m")', 'llm_query("a", "m")', ['a', 'm']],
  ['llm_query(5)', 'llm_query(5)', ['5', null]],
  [
    'llm_query({"a": [1]})',
    'llm_query({ a: [1] })',
    [
      ['{"a": [1]}', null],
      ['{"a":[1]}', null],
    ],
  ],
  ['llm_query(grep("two")[0])', null, ['two', null]],
  ['llm_query_batched(("a", "b"))', 'llm_query_batched(["a", "b"])', [['a', 'b'], null]],
  ['llm_query_batched(p for p in "ab")', null, [['a', 'b'], null]],
  [
    'rlm_query("a", {"__proto__": "x", "1": "y", "b/c": "z"})',
    'rlm_query("a", new Map([["__proto__", "x"], ["1", "y"], ["b/c", "z"]]))',
    ['a', JSON.parse('{"__proto__":"x","1":"y","b/c":"z"}'), null],
  ],
  ['rlm_query("a", ["x", 5])', 'rlm_query("a", ["x", 5])', ['a', ['x', '5'], null]],
  ['rlm_query("a")', 'rlm_query("a", "")', ['a', '', null]],
];

describePython('What the code gives, alike in both languages', function (backend) {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;
  const repls = new Map<Language, Repl>();
  const calls: HostCall[] = [];
  const onHostCall = async (call: HostCall): Promise<unknown> => {
    calls.push(call);
    return Array.isArray(call.args[0]) ? { answers: [], failures: [] } : 'answer';
  };

  before(async () => {
    sandboxes = createSandboxes(backend);
    for (const language of languages) {
      repls.set(language, await Repl.open(sandboxes, { language, context: 'one two' }));
    }
  });
  after(() => sandboxes.dispose());

  const run = async (language: Language, code: string) => {
    const repl = repls.get(language);
    assert.ok(repl);
    return repl.run(code, { onHostCall });
  };
  const define = (
    row: readonly [python: Code, javascript: Code, unknown],
    title: (code: string) => string,
    check: (language: Language, code: string, at: 0 | 1) => Promise<void>,
  ): void => {
    for (const [at, language] of [
      [0, 'python'],
      [1, 'javascript'],
    ] as const) {
      const code = row[at];
      if (code !== null) {
        it(`in ${language}, ${title(JSON.stringify(code).slice(0, 90))}`, () =>
          check(language, code, at));
      }
    }
  };

  for (const row of answered) {
    define(
      row,
      (code) => `${code} answers`,
      async (language, code, at) => {
        const { error, finalAnswer } = await run(language, code);
        const answer = typeof row[2] === 'string' ? row[2] : row[2][at];
        assert.deepStrictEqual([error, finalAnswer], [null, answer]);
      },
    );
  }

  for (const row of refused) {
    define(
      row,
      (code) => `${code} is refused`,
      async (language, code) => {
        const before = calls.length;
        const { error, finalAnswer, interruption } = await run(language, code);
        assert.match(error?.message ?? '', row[2]);
        assert.deepStrictEqual([finalAnswer, interruption, calls.length], [null, null, before]);
      },
    );
  }

  for (const row of sent) {
    define(
      row,
      (code) => `${code} hands on all of it`,
      async (language, code, at) => {
        const { error } = await run(language, code);
        const args = row[2].length === 2 && row[2].every(Array.isArray) ? row[2][at] : row[2];
        assert.deepStrictEqual([error, calls.at(-1)?.args], [null, args]);
      },
    );
  }
});

describe('A variable that shows nothing of what it is worth', () => {
  const rows: Readonly<Record<Language, readonly string[]>> = {
    python: [
      '(x for x in "a")',
      'iter([1])',
      'open("/tmp/y", "w")',
      '[lambda: 1]',
      'print',
      '{"a": map(str, "a")}',
      'object()',
      '[type("Own", (), {"__repr__": lambda self: "text"})()]',
    ],
    javascript: [
      '[1].values()',
      '(function* () {})()',
      '[Promise.resolve(1)]',
      '() => 1',
      'new WeakMap()',
      'Symbol("a")',
    ],
  };
  let sandboxes: SandboxProcess;
  before(() => {
    sandboxes = createSandboxes();
  });
  after(() => sandboxes.dispose());

  for (const language of languages) {
    it(`is read as not whole in ${language}`, async () => {
      const repl = await Repl.open(sandboxes, { language });
      for (const code of rows[language]) {
        await repl.run(`held = ${code}`);
        const { incomplete } = (await repl.read('held')) ?? {};
        assert.match(incomplete ?? '', /does not show|not there before/u, code);
      }
    });
  }
});
