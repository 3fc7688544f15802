// Programs that a run writes: their tests are run in the sandbox before they are taken.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import type { LoopRequest } from '../../../src/core/loop';
import type { Language } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { createLoopEngine, type LoopEngine, toBlock, toRequest } from '../../support/loopEngine';
import { createSandboxes } from '../../support/repl';

interface Sample {
  readonly solution: string;
  readonly wrong: string;
  readonly passes: string;
  readonly failure: RegExp;
}

const samples: Readonly<Record<Language, Sample>> = {
  python: {
    solution: 'def add(a, b):\n    return a + b\n',
    wrong: 'def add(a, b):\n    return a - b\n',
    passes: 'assert add(1, 2) == 3',
    failure: /- adds: AssertionError \(<test> line 1: assert add\(1, 2\) == 3\)/u,
  },
  javascript: {
    solution: 'function add(a, b) { return a + b; }',
    wrong: 'function add(a, b) { return a - b; }',
    passes: 'if (add(1, 2) !== 3) throw new Error("not 3");',
    failure: /- adds: Error: not 3/u,
  },
};

describe('runs that write a program', () => {
  let sandboxes: SandboxProcess;
  let engine: LoopEngine;

  before(() => {
    sandboxes = createSandboxes();
  });
  afterEach(() => engine.close());
  after(() => sandboxes.dispose());

  const run = (replies: readonly string[], request: Partial<LoopRequest>) => {
    engine = createLoopEngine(sandboxes, replies);
    return engine.runner.run(
      toRequest({ work: { kind: 'code' }, context: { text: null, paths: [] }, ...request }),
      neverAborted,
    );
  };
  const lastShown = () => engine.model.asked.at(-1)?.messages.at(-1)?.text ?? '';
  const toCode = (solution: string, tests: Record<string, string>): string =>
    `solution = ${JSON.stringify(solution)}\ntests = ${JSON.stringify(tests)}`;

  for (const language of ['python', 'javascript'] as const) {
    const { solution, wrong, passes, failure } = samples[language];
    const submit = language === 'python' ? 'SUBMIT(answer="It adds.")' : 'SUBMIT("It adds.")';

    it(`takes a program in ${language} with the tests that passed`, async () => {
      const code = `${toCode(solution, { adds: passes })}\n${submit}`;
      const result = await run([toBlock(code)], { language });
      assert.deepStrictEqual([result.answer, result.finishReason], ['It adds.', 'submitted']);
      assert.deepStrictEqual(result.program, {
        code: solution,
        tests: [{ name: 'adds', code: passes, error: null }],
      });
    });

    it(`gives a failed test in ${language} back to the model`, async () => {
      const result = await run(
        [
          toBlock(`${toCode(wrong, { adds: passes })}\n${submit}`),
          toBlock(`solution = ${JSON.stringify(solution)}\n${submit}`),
        ],
        { language },
      );
      assert.match(lastShown(), /1 of 1 tests failed/u);
      assert.match(lastShown(), failure);
      assert.deepStrictEqual([result.iterations, result.program?.code], [2, solution]);
    });

    it(`says in ${language} when there is no program to test`, async () => {
      await run([toBlock(submit), toBlock(submit)], { language, maxIterations: 2 });
      assert.match(
        lastShown(),
        /The answer was not taken: (NameError|ReferenceError): .*solution/u,
      );
    });
  }

  it('runs a program on its own, without what the REPL holds', async () => {
    const { passes } = samples.python;
    const leaning = 'def add(a, b):\n    return helper(a, b)\n';
    const code = `${toCode(leaning, { adds: passes })}\nhelper = lambda a, b: a + b\nSUBMIT("x")`;
    const result = await run([toBlock(code), 'It leans on helper.'], { maxIterations: 1 });
    assert.match(
      result.program?.tests[0]?.error ?? '',
      /^NameError: name 'helper' is not defined \(<solution> line 2: return helper\(a, b\)\)$/u,
    );
  });

  /** By language: what no test may be said to have passed. The solution, the test, and what is said. */
  const neverPassed: Readonly<
    Record<Language, Readonly<Record<string, readonly [string, string, RegExp]>>>
  > = {
    python: {
      'a helper of the REPL': ['def f():\n    return helper()', 'f()', /^NameError: .*helper/u],
      'what the REPL offers': ['def f():\n    return grep("x")', 'f()', /^NameError: .*grep/u],
      'the context': ['def f():\n    return context', 'f()', /^NameError: .*context/u],
      'a function that is only made': [
        'x = 1',
        'def test_x():\n    assert x == 2',
        /^AssertionError/u,
      ],
      'a coroutine that is only made': [
        'x = 1',
        'async def test_x():\n    assert x == 2',
        /^AssertionError/u,
      ],
      'a class of tests': [
        'x = 1',
        'import unittest\nclass TestX(unittest.TestCase):\n    def test_x(self):\n        self.fail()',
        /^TypeError: the test makes a class TestX/u,
      ],
      'a program that ends': ['import sys\nsys.exit(0)', 'assert False', /^SystemExit: 0/u],
    },
    javascript: {
      'a helper of the REPL': [
        'function f() { return helper(); }',
        'f();',
        /^TypeError: .*function/u,
      ],
      'a constant of the REPL': ['function f() { return fixed.length; }', 'f();', /^TypeError/u],
      'what the REPL offers': ['function f() { return grep("x"); }', 'f();', /^TypeError/u],
      'the context': ['function f() { return context.length; }', 'f();', /^TypeError/u],
      'a function that is only made': [
        'const x = 1;',
        'function testX() { if (x !== 2) throw new Error("not 2"); }',
        /^Error: not 2/u,
      ],
      'an async function that is only made': [
        'const x = 1;',
        'async function testX() { if (x !== 2) throw new Error("not 2"); }',
        /^Error: not 2/u,
      ],
      'a promise that it gives back': [
        'const x = 1;',
        'return (async () => { throw new Error("late"); })();',
        /^Error: late/u,
      ],
      'a program that returns': [
        'return 1;',
        'throw new Error("never");',
        /^SyntaxError: the program returns/u,
      ],
      'what cannot be shown': ['const x = 1;', 'throw Object.create(null);', /cannot be shown/u],
    },
  };
  for (const language of ['python', 'javascript'] as const) {
    for (const [name, [solution, test, expected]] of Object.entries(neverPassed[language])) {
      it(`lets no test in ${language} pass by ${name}`, async () => {
        const own =
          language === 'python'
            ? 'helper = lambda: 1'
            : 'function helper() { return 1; }\nconst fixed = "x";';
        const code = `${own}\n${toCode(solution, { one: test })}\nFINAL("x")`;
        const { program } = await run([toBlock(code), 'No.'], { language, maxIterations: 1 });
        assert.match(program?.tests[0]?.error ?? 'passed', expected);
      });
    }
  }

  it('gives each test in javascript a program of its own', async () => {
    const solution = '"use strict";\nlet helper = 0;\nconst context = () => (helper += 1);';
    const tests = {
      first: 'if (context() !== 1) throw new Error("not 1"); globalThis.left = 1;',
      second: 'if (context() !== 1 || typeof left !== "undefined") throw new Error("not 1");',
    };
    const code = `helper = 5\n${toCode(solution, tests)}\nFINAL("x")`;
    const { program } = await run([toBlock(code)], { language: 'javascript' });
    assert.deepStrictEqual(
      program?.tests.map(({ error }) => error),
      [null, null],
    );
  });

  it('says when the tests are not what was asked for', async () => {
    await run([toBlock('solution = "x = 1"\ntests = []\nSUBMIT("x")'), 'Hm.'], {
      maxIterations: 1,
    });
    assert.match(lastShown(), /TypeError: `tests` must be a non-empty dict/u);
  });

  it('returns the program with its failures when the iterations are over', async () => {
    const { wrong, passes } = samples.python;
    const code = toCode(wrong, { adds: passes });
    const result = await run([toBlock(code), 'It does not add yet.'], { maxIterations: 1 });
    assert.deepStrictEqual(
      [result.finishReason, result.answer, result.program?.code],
      ['max_iterations', 'It does not add yet.', wrong],
    );
    assert.match(result.program?.tests[0]?.error ?? '', /AssertionError/u);
  });
});
