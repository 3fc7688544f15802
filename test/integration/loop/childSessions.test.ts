// Runs whose code asks sub-models and child sessions, over the real sandbox; and what a replay makes of them.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { type Language, languages } from '../../../src/core/sandbox';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { createLoopEngine, type LoopEngine, toBlock, toRequest } from '../../support/loopEngine';
import { createSandboxes } from '../../support/repl';

const asking: Readonly<Record<Language, string>> = {
  python: [
    'before = budget()["llm_calls_left"]',
    'word = llm_query("Pick a word")',
    'child = rlm_query("How long is it?", "four")',
    'parts = rlm_query_batched(["a", "b"], ["x", ["x", "y"]])',
    'spent = before - budget()["llm_calls_left"]',
  ].join('\n'),
  javascript: [
    'before = budget().llm_calls_left;',
    'word = llm_query("Pick a word");',
    'child = rlm_query("How long is it?", "four");',
    'parts = rlm_query_batched(["a", "b"], ["x", ["x", "y"]]);',
    'spent = before - budget().llm_calls_left;',
  ].join('\n'),
};
const answering: Readonly<Record<Language, string>> = {
  python: 'FINAL(f"{word} {child} {len(parts)} {spent}")',
  javascript: 'FINAL(`${word} ${child} ${parts.length} ${spent}`)',
};
const length: Readonly<Record<Language, string>> = {
  python: 'FINAL(len(context))',
  javascript: 'FINAL(context.length)',
};

describe('runs with child sessions', function () {
  this.timeout(60_000);
  let sandboxes: SandboxProcess;
  let engine: LoopEngine;

  before(() => {
    sandboxes = createSandboxes();
  });
  afterEach(() => engine.close());
  after(() => sandboxes.dispose());

  for (const language of languages) {
    describe(`in ${language}`, () => {
      const run = async (code = asking[language]) => {
        const child = toBlock(length[language], language);
        engine = createLoopEngine(sandboxes, [
          toBlock(code, language),
          child,
          child,
          child,
          toBlock(answering[language], language),
        ]);
        return engine.runner.run(toRequest({ language }), neverAborted);
      };

      it('give each child its own context and pay for all of them', async () => {
        const { answer, usage, sessionId } = await run();
        assert.equal(answer, 'sub-answer 4 2 4');
        assert.equal(usage.llmCalls, 6); // two of the run itself, the sub-call, one of each child
        const { summaries } = await engine.traces.listSummaries({
          status: null,
          limit: 10,
          cursor: null,
        });
        const children = summaries.filter(({ parentSessionId }) => parentSessionId === sessionId);
        assert.deepStrictEqual(
          children.map(({ depth, status }) => [depth, status]),
          Array.from({ length: 3 }, () => [1, 'finalized']),
        );
      });

      it('hand a mapping of texts to a child as a mapping, and its replay too', async () => {
        const whole = {
          python: 'repr(sorted(context.items()))',
          javascript: 'context["b/c"] + Object.keys(context)',
        };
        const given = '{"a": "one", "b/c": "two"}';
        engine = createLoopEngine(sandboxes, [
          toBlock(`told = rlm_query("What is there?", ${given})`, language),
          toBlock(`FINAL(${whole[language]})`, language),
          toBlock('FINAL(told)', language),
        ]);
        const { answer } = await engine.runner.run(toRequest({ language }), neverAborted);
        const told = { python: "[('a', 'one'), ('b/c', 'two')]", javascript: 'twoa,b/c' };
        assert.equal(answer, told[language]);
        const { summaries } = await engine.traces.listSummaries({
          status: null,
          limit: 10,
          cursor: null,
        });
        const child = summaries.find(({ parentSessionId }) => parentSessionId !== null);
        const { session, report } = await engine.sessions.fork(
          { sessionId: child?.sessionId ?? '', atStep: 1, title: '', limits: {} },
          neverAborted,
        );
        const request = { name: 'context', offset: 0, maxChars: 100 };
        const context = await session.readVariable(request, neverAborted);
        assert.deepStrictEqual(
          [report?.differences, JSON.parse(context.text)],
          [[], { a: 'one', 'b/c': 'two' }],
        );
      });

      it('hand on every key of a mapping, also one that looks like a number or a prototype', async () => {
        const given = {
          python: '{"10": "ten", "2": "two", "__proto__": "own", "constructor": "made"}',
          javascript:
            'new Map([["10", "ten"], ["2", "two"], ["__proto__", "own"], ["constructor", "made"]])',
        };
        const whole = {
          python: 'repr(sorted(context.items()))',
          javascript: 'JSON.stringify(Object.entries(context).sort())',
        };
        engine = createLoopEngine(sandboxes, [
          toBlock(`told = rlm_query("What is there?", ${given[language]})`, language),
          toBlock(`FINAL(${whole[language]})`, language),
          toBlock('FINAL(told)', language),
        ]);
        const { answer } = await engine.runner.run(toRequest({ language }), neverAborted);
        const told = {
          python: "[('10', 'ten'), ('2', 'two'), ('__proto__', 'own'), ('constructor', 'made')]",
          javascript: '[["10","ten"],["2","two"],["__proto__","own"],["constructor","made"]]',
        };
        assert.equal(answer, told[language]);
      });

      it('hold a child’s question to the length of any question, and open none for a longer one', async () => {
        const code = {
          python: [
            'long = "x" * 20_001',
            'try:\n    rlm_query(long, "four")\nexcept Exception as error:\n    told = str(error)',
            'answers = rlm_query_batched([long, "Short?"], ["x", "y"])',
            'FINAL(f"{told} {answers[0]} {answers[1]}")',
          ].join('\n'),
          javascript: [
            'const long = "x".repeat(20_001);',
            'let told;',
            'try { rlm_query(long, "four"); } catch (error) { told = error.message; }',
            'const answers = rlm_query_batched([long, "Short?"], ["x", "y"]);',
            'FINAL(`${told} ${answers[0]} ${answers[1]}`);',
          ].join('\n'),
        };
        engine = createLoopEngine(sandboxes, [
          toBlock(code[language], language),
          toBlock('FINAL("short")', language),
        ]);
        const result = await engine.runner.run(toRequest({ language }), neverAborted);
        assert.match(
          result.answer ?? '',
          /has 20,001 characters; it may have 20,000\..*context.* (?:None|null) short$/su,
        );
        const children = engine.sessions.live.filter(({ seed }) => seed.depth === 1);
        assert.equal(children.length, 1);
      });

      it('are replayed with the recorded answers, and ask nobody again', async () => {
        const { sessionId } = await run();
        const asked = engine.model.asked.length;
        const before = new Set(engine.sessions.live.map(({ id }) => id));
        const { session, report } = await engine.sessions.fork(
          { sessionId, atStep: 1, title: '', limits: {} },
          neverAborted,
        );
        assert.deepStrictEqual(
          report?.differences.map(({ field }) => field),
          [],
        );
        const read = async (name: string) => {
          const request = { name, offset: 0, maxChars: 1_000 };
          return (await session.readVariable(request, neverAborted)).text;
        };
        assert.deepStrictEqual(
          [await read('word'), await read('child'), JSON.parse(await read('parts'))],
          ['sub-answer', '4', ['1', '14']],
        );
        assert.deepStrictEqual(
          [engine.model.asked.length, engine.model.subCalls.length],
          [asked, 1],
        );
        const opened = engine.sessions.live.map(({ id }) => id).filter((id) => !before.has(id));
        assert.deepStrictEqual(opened, [session.id]);
        const { usage } = session.summary;
        assert.equal(usage.llmCalls, 5); // what the run had used by that step
      });
    });
  }
});
