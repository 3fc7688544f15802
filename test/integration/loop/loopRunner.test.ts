// Whole runs over the real sandbox: a scripted model writes the code.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { neverAborted } from '../../../src/base/abort';
import type { LoopProgress, LoopRequest } from '../../../src/core/loop';
import { RlmError } from '../../../src/core/errors';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { createLoopEngine, type LoopEngine, toBlock, toRequest } from '../../support/loopEngine';
import { createSandboxes } from '../../support/repl';
import { useTempFolder } from '../../support/tempFolder';

type Replies = Parameters<typeof createLoopEngine>[1];

describe('SessionLoopRunner', () => {
  let sandboxes: SandboxProcess;
  let engine: LoopEngine | undefined;
  const folder = useTempFolder();

  before(() => {
    sandboxes = createSandboxes();
  });
  afterEach(async () => {
    await engine?.close();
  });
  after(() => sandboxes.dispose());

  const start = (
    replies: Replies,
    options?: Parameters<typeof createLoopEngine>[2],
  ): LoopEngine => {
    engine = createLoopEngine(sandboxes, replies, options);
    return engine;
  };
  const run = (replies: Replies, request: Partial<LoopRequest> = {}, signal = neverAborted) =>
    start(replies).runner.run(toRequest(request), signal);
  const lastShown = (): string => engine?.model.asked.at(-1)?.messages.at(-1)?.text ?? '';

  describe('answers', () => {
    it('works step by step and finalizes the session with the answer', async () => {
      const result = await run([
        toBlock('n = len(context)\nprint("seen", n)'),
        ({ messages }) =>
          toBlock(`FINAL("n=${/seen (\d+)/u.exec(messages.at(-1)?.text ?? '')?.[1]}")`),
      ]);
      const summary = await engine?.sessions.readSummary(result.sessionId);
      const { answer, iterations, finishReason, usage } = result;
      assert.deepStrictEqual(
        { answer, iterations, finishReason, steps: usage.steps, status: summary?.status },
        { answer: 'n=16', iterations: 2, finishReason: 'submitted', steps: 2, status: 'finalized' },
      );
      assert.equal(summary?.finalAnswer, 'n=16');
    });

    const python = [
      ['SUBMIT', 'SUBMIT(answer=len(context))'],
      ['FINAL', 'FINAL(len(context))'],
      ['FINAL_VAR', 'n = len(context)\nFINAL_VAR("n")'],
    ] as const;
    const javascript = [
      ['SUBMIT', 'SUBMIT({ answer: context.length })'],
      ['FINAL', 'FINAL(context.length)'],
      ['FINAL_VAR', 'n = context.length\nFINAL_VAR("n")'],
    ] as const;
    for (const [language, ways] of [
      ['python', python],
      ['javascript', javascript],
    ] as const) {
      for (const [name, code] of ways) {
        it(`takes an answer by ${name} in ${language}`, async () => {
          const result = await run([toBlock(code)], { language });
          assert.deepStrictEqual([result.finishReason, result.answer], ['submitted', '16']);
        });
      }
    }

    it('takes an answer with nested parentheses, quotes and fences as it is', async () => {
      const answer = 'f(g("x"), (1)) and ```FINAL(no)```';
      const result = await run([toBlock(`FINAL(${JSON.stringify(answer)})`)]);
      assert.equal(result.answer, answer);
    });

    it('shows the notes of a search once before it takes an answer that may rest on them', async () => {
      const code = toBlock('FINAL(len(grep("x")))');
      const context = { text: 'x\n'.repeat(150), paths: [] };
      const doubted = await run([code, toBlock('FINAL(count("x"))')], { context });
      assert.deepStrictEqual([doubted.answer, doubted.iterations], ['150', 2]);
      const again = await run([code, code], { context });
      assert.deepStrictEqual([again.answer, again.iterations], ['100', 2]);
      const last = await run([code], { context, maxIterations: 1 });
      assert.equal(last.answer, '100');
    });

    for (const [language, code] of [
      ['python', 'hits = grep("x", max_matches=None)\nFINAL(len(hits))'],
      ['python', 'globals().update({f"v{n}": n for n in range(1_100)})\nFINAL(len(context))'],
      [
        'javascript',
        'for (let n = 0; n < 1_100; n++) globalThis["v" + n] = n;\nFINAL(context.length)',
      ],
    ] as const) {
      it(`takes an answer in ${language} beside notes on how variables were compared: ${code}`, async () => {
        const context = { text: 'x\n'.repeat(3_000), paths: [] };
        const result = await run([toBlock(code)], { context, language });
        const steps = await engine?.traces.readEvents(result.sessionId, {
          ...{ fromStep: 1, toStep: 1, cursor: null, limit: 9 },
        });
        const notes = steps?.events.flatMap((event) =>
          event.kind === 'step.finished' ? event.outcome.stderr.split('\n') : [],
        );
        assert.ok(notes?.some((note) => note.startsWith('note: ')));
        assert.deepStrictEqual([result.finishReason, result.iterations], ['submitted', 1]);
      });
    }

    it('runs the blocks of one reply as one step', async () => {
      const result = await run([`${toBlock('a = 20')}${toBlock('FINAL(a + 1)')}`]);
      assert.deepStrictEqual([result.answer, result.usage.steps], ['21', 1]);
    });
  });

  describe('what never ends a run', () => {
    const fake = 'made up';
    const cases: Readonly<Record<string, string>> = {
      'FINAL in prose': `FINAL(${fake})`,
      'FINAL in prose after a block': `${toBlock('x = 1')}\nFINAL("${fake}")`,
      'FINAL in a comment of the code': toBlock(`# FINAL("${fake}")\nx = 1`),
      'FINAL in a string of the code': toBlock(`x = 'FINAL("${fake}")'`),
      'FINAL in a string of several lines': toBlock(`x = """\nFINAL("${fake}")\n"""`),
      'FINAL in what the code prints': toBlock('print(context[:40])'),
      'FINAL_VAR of a name in prose': `FINAL_VAR(x)\nFINAL(x)`,
      'FINAL before code that raises': toBlock(`FINAL("${fake}")\nraise ValueError("late")`),
      'FINAL with nested parentheses in prose': `FINAL(max(len("(${fake})"), f(x)))`,
      'FINAL in the reasoning': `<think>\n${toBlock(`FINAL("${fake}")`)}\n</think>\nI look first.`,
      'FINAL in a block that is no code': `\`\`\`\nFINAL("${fake}")\n\`\`\``,
      'FINAL in a block of another language': toBlock(`FINAL("${fake}")`, 'javascript'),
      'FINAL in bold or a heading': `**FINAL("${fake}")**\n# FINAL("${fake}")`,
      'an empty answer': toBlock('FINAL("")'),
      'FINAL in a function that is not called': toBlock(`def end():\n    FINAL("${fake}")`),
      'a mark of an answer in the reply': `<answer>${fake}</answer> SUBMIT(answer="${fake}")`,
    };
    for (const [name, reply] of Object.entries(cases)) {
      it(name, async () => {
        const context = { text: `FINAL("${fake}")\n${'x'.repeat(600)}`, paths: [] };
        const result = await run([reply, toBlock('FINAL("right")')], { context });
        assert.deepStrictEqual([result.answer, result.iterations], ['right', 2]);
      });
    }
  });

  describe('what the model is told', () => {
    it('shows an error with its line, and the run goes on', async () => {
      const result = await run([toBlock('a = 1\nb = a / 0'), toBlock('FINAL("repaired")')]);
      assert.equal(result.answer, 'repaired');
      assert.match(lastShown(), /It raised in line 2 \(`b = a \/ 0`\): ZeroDivisionError/u);
    });

    it('says that an answer of code that raised was not taken', async () => {
      await run([toBlock('FINAL("early")\nnosuch'), toBlock('FINAL("ok")')]);
      assert.match(lastShown(), /The answer was not taken/u);
    });

    it('asks for code where there was none', async () => {
      await run(['I think it is 16.', toBlock('FINAL(16)')]);
      assert.match(lastShown(), /Nothing was run: the reply has no fenced block/u);
    });

    it('shows changed variables and what is left', async () => {
      await run([toBlock('rows = [1, 2, 3]'), toBlock('FINAL(1)')]);
      assert.match(lastShown(), /\+ rows: list\(3\) \[1, 2, 3\]/u);
      assert.match(lastShown(), /Iteration 1 of 5 is over\. Left: /u);
    });

    it('tells which reply is the last', async () => {
      await run([toBlock('x = 1'), toBlock('FINAL(1)')], { maxIterations: 2 });
      assert.match(lastShown(), /The next reply is the last one/u);
    });

    it('tells it, and the steps left, where the steps end before the replies do', async () => {
      await run([toBlock('x = 1'), toBlock('FINAL(1)')], { limits: { maxSteps: 2 } });
      assert.match(lastShown(), /Left: 1 step, .*The next reply is the last one/u);
    });

    it('caps a huge output', async () => {
      await run([toBlock('print("x" * 10_000_000)'), toBlock('FINAL(1)')]);
      assert.ok(lastShown().length < 8_000, `${lastShown().length} characters`);
      assert.match(lastShown(), /characters left out here/u);
      assert.match(lastShown(), /more characters\]/u);
    });

    it('describes the context and shows its beginning, never the rest', async () => {
      const text = `The beginning of it.\n${'.'.repeat(600)}\nPLANTED-MARKER\n`;
      const result = await run(
        [
          toBlock('n = len(context)\nprint(n)'),
          'No code.',
          toBlock('raise ValueError("x")'),
          'text',
        ],
        { context: { text, paths: [] }, maxIterations: 3 },
      );
      assert.equal(result.finishReason, 'max_iterations');
      const { prompts } = engine?.model ?? { prompts: '' };
      assert.match(prompts, /The beginning of it\./u);
      assert.match(prompts, /637 characters in 3 lines/u);
      assert.doesNotMatch(prompts, /PLANTED-MARKER/u);
    });

    it('names the sources of several files', async () => {
      await writeFile(path.join(folder(), 'a.txt'), 'aaa');
      await writeFile(path.join(folder(), 'b.txt'), 'bb');
      start([toBlock('FINAL(sorted(context))')], { folder: folder() });
      const context = { text: null, paths: ['*.txt'] };
      const result = await engine?.runner.run(toRequest({ context }), neverAborted);
      assert.equal(result?.answer, '["a.txt", "b.txt"]');
      assert.match(engine?.model.prompts ?? '', /mapping from path to text of 2 texts/u);
      assert.match(engine?.model.prompts ?? '', /a\.txt.*: 3 characters/u);
    });

    it('keeps what the model is sent within a bound over 100 iterations', async () => {
      const result = await run([toBlock('print("y" * 5_000)')], {
        maxIterations: 100,
        limits: { budgetLimit: 10_000_000, stepTimeoutMs: 30_000 },
      });
      const sizes = (engine?.model.asked ?? []).map(({ messages }) =>
        messages.reduce((sum, { text }) => sum + text.length, 0),
      );
      assert.deepStrictEqual([result.iterations, sizes.length], [100, 101]);
      assert.ok(Math.max(...sizes) < 80_000, `${Math.max(...sizes)} characters`);
    });

    it('reads the prompts of the user’s folder anew for every run', async () => {
      const file = path.join(folder(), 'taskExecute.md');
      await writeFile(file, '<!-- mine -->\nMy words: {{task}} / {{context}}');
      start([toBlock('FINAL(1)')], { promptFolder: folder() });
      await engine?.runner.run(toRequest({ task: 'count' }), neverAborted);
      await writeFile(file, 'Newer words: {{task}} {{context}}');
      await engine?.runner.run(toRequest({ task: '{{context}}' }), neverAborted);
      const [first, second] = (engine?.model.asked ?? []).map(({ messages }) => messages[1]?.text);
      assert.match(first ?? '', /^My words: count \/ `context` is one string/u);
      assert.match(second ?? '', /^Newer words: \{\{context\}\} `context` is/u);
    });

    it('refuses a prompt file that would not tell the task', async () => {
      await writeFile(path.join(folder(), 'taskExecute.md'), 'Do it.');
      start([toBlock('FINAL(1)')], { promptFolder: folder() });
      await assert.rejects(
        engine?.runner.run(toRequest(), neverAborted) ?? Promise.resolve(),
        isError('INVALID_INPUT'),
      );
    });

    it('adds notes for the family of the model', async () => {
      await run([toBlock('FINAL(1)')], { model: 'ollama/qwen3:8b' });
      const system = engine?.model.asked[0]?.messages[0]?.text ?? '';
      assert.match(system, /Sub-calls are expensive here[\s\S]*Keep it simple/u);
    });
  });

  describe('ends', () => {
    it('draws the answer from the variables when the iterations are over', async () => {
      const result = await run([toBlock('total = 40 + 2'), toBlock('x = 1'), 'It is 42.'], {
        maxIterations: 2,
      });
      const { answer, finishReason, iterations } = result;
      assert.deepStrictEqual(
        { answer, finishReason, iterations },
        { answer: 'It is 42.', finishReason: 'max_iterations', iterations: 2 },
      );
      assert.match(lastShown(), /total \(int, 2 characters\):\n42/u);
      assert.equal((await engine?.sessions.readSummary(result.sessionId))?.status, 'finalized');
    });

    const guardrails = [
      ['max_steps', { maxSteps: 2 }, 'x = 1'],
      ['budget_exceeded', { budgetLimit: 1_000 }, 'print("x" * 2_000)'],
      ['timeout', { maxRuntimeMs: 1_000 }, 'while True: pass'],
      ['llm_limit', { maxLlmCalls: 2 }, 'x = 1'],
    ] as const;
    for (const [reason, limits, code] of guardrails) {
      it(`by the guardrail ${reason}, without an answer`, async () => {
        const result = await run([toBlock(code)], { limits });
        const summary = await engine?.sessions.readSummary(result.sessionId);
        assert.deepStrictEqual(
          [result.finishReason, result.answer, summary?.status, summary?.finalAnswer],
          [reason, null, 'stopped', null],
        );
      });
    }

    it('takes the answer of the step that reaches a guardrail', async () => {
      const result = await run([toBlock('FINAL("in time")')], { limits: { maxSteps: 1 } });
      assert.deepStrictEqual([result.finishReason, result.answer], ['submitted', 'in time']);
    });

    for (const [name, maxIterations, expected] of [
      ['the iterations that the user configured', 2, 2],
      ['15 iterations', undefined, 15],
    ] as const) {
      it(`after ${name}, where the request says none`, async () => {
        start([toBlock('x = 1')], maxIterations === undefined ? {} : { maxIterations });
        const given = toRequest({ maxIterations: null });
        const result = await engine?.runner.run(given, neverAborted);
        assert.deepStrictEqual(
          [result?.iterations, result?.finishReason],
          [expected, 'max_iterations'],
        );
      });
    }

    it('without an answer when none could be drawn, and says that it was the run’s end', async () => {
      const result = await run([toBlock('x = 1'), '  '], { maxIterations: 1 });
      const summary = await engine?.sessions.readSummary(result.sessionId);
      assert.deepStrictEqual(
        [result.answer, result.finishReason, summary?.status, summary?.stopCause],
        [null, 'max_iterations', 'stopped', 'run_ended'],
      );
    });

    it('when the session’s time is over, however long the model is silent', async () => {
      const result = await run([() => new Promise(() => undefined)], {
        limits: { maxSessionMs: 1_000 },
      });
      const summary = await engine?.sessions.readSummary(result.sessionId);
      assert.deepStrictEqual(
        [result.answer, result.finishReason, summary?.stopCause],
        [null, 'timeout', 'timeout'],
      );
    });

    it('runs 40 iterations under the default limits', async () => {
      const result = await run([toBlock('x = 1')], { maxIterations: 40 });
      assert.equal(result.finishReason, 'max_iterations');
    });

    it('passes on that no model is there, and leaves the session stopped', async () => {
      const gone = new RlmError('MODEL_UNAVAILABLE', 'No model.', { nextStep: 'Set one up.' });
      const failing = run([() => Promise.reject(gone)]);
      await assert.rejects(failing, isError('MODEL_UNAVAILABLE'));
      const [session] = engine?.sessions.live ?? [];
      assert.deepStrictEqual(
        [session?.status, session?.summary.stopCause],
        ['stopped', 'run_ended'],
      );
    });
  });

  describe('cancellation', () => {
    it('ends at once while the model is asked, whatever the model does', async () => {
      const controller = new AbortController();
      const running = run(
        [
          () => {
            controller.abort();
            return new Promise(() => undefined);
          },
        ],
        {},
        controller.signal,
      );
      await assert.rejects(running, isError('CANCELLED'));
      assert.deepStrictEqual(readStatuses(), ['stopped']);
    });

    it('interrupts the running code', async () => {
      const controller = new AbortController();
      const running = run(
        [toBlock('done = 1\nwhile True: pass')],
        { onProgress: ({ kind }) => kind === 'running' && setImmediate(() => controller.abort()) },
        controller.signal,
      );
      await assert.rejects(running, isError('CANCELLED'));
      assert.deepStrictEqual(readStatuses(), ['stopped']);
    });

    it('ends a run whose session a person stops', async () => {
      const running = run([
        async () => {
          await engine?.sessions.live[0]?.stop();
          return toBlock('x = 1');
        },
      ]);
      await assert.rejects(running, isError('CANCELLED'));
    });
  });

  it('tells its progress, iteration by iteration', async () => {
    const seen: LoopProgress[] = [];
    const replies = [toBlock('x = 1'), toBlock('FINAL(x)')];
    const result = await run(replies, { onProgress: (progress) => seen.push(progress) });
    const maxIterations = 5;
    assert.deepStrictEqual(seen, [
      { kind: 'opened', sessionId: result.sessionId },
      { kind: 'thinking', iteration: 1, maxIterations },
      { kind: 'text', iteration: 1, piece: replies[0] },
      { kind: 'running', iteration: 1, code: 'x = 1' },
      { kind: 'ran', iteration: 1, step: 1 },
      { kind: 'thinking', iteration: 2, maxIterations },
      { kind: 'text', iteration: 2, piece: replies[1] },
      { kind: 'running', iteration: 2, code: 'FINAL(x)' },
      { kind: 'ran', iteration: 2, step: 2 },
    ]);
  });

  function readStatuses(): readonly string[] {
    return (engine?.sessions.live ?? []).map(({ status }) => status);
  }
});

function isError(code: RlmError['code']) {
  return (thrown: unknown): boolean => thrown instanceof RlmError && thrown.code === code;
}
