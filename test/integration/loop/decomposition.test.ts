// Tasks that are split: parts run as child sessions, and their answers are combined.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { neverAborted } from '../../../src/base/abort';
import type { LoopProgress, LoopRequest } from '../../../src/core/loop';
import { RlmError } from '../../../src/core/errors';
import type { ModelRequest } from '../../../src/core/model';
import type { SandboxProcess } from '../../../src/sandbox/sandboxProcess';
import { createLoopEngine, type LoopEngine, toBlock, toRequest } from '../../support/loopEngine';
import { createSandboxes } from '../../support/repl';

type Answer = (part: string) => string | Promise<string>;

const plan = (...titles: readonly string[]): string =>
  JSON.stringify(titles.map((title) => ({ title, task: `part <${title}>` })));

describe('decomposed tasks', () => {
  let sandboxes: SandboxProcess;
  let engine: LoopEngine;

  before(() => {
    sandboxes = createSandboxes();
  });
  afterEach(() => engine.close());
  after(() => sandboxes.dispose());

  /** `split` answers the first question, `part` those of the children. */
  const run = (
    words: { readonly split: string; readonly part: Answer; readonly combine?: string },
    request: Partial<LoopRequest> = {},
    signal = neverAborted,
  ) => {
    const reply = ({ messages }: ModelRequest): string | Promise<string> => {
      const text = messages.map((message) => message.text).join('\n');
      if (text.includes('Split a task into parts')) {
        return words.split;
      }
      if (text.includes('worked on one by one')) {
        return words.combine ?? 'the whole';
      }
      return words.part(/part <(.*?)>/u.exec(text)?.[1] ?? '');
    };
    engine = createLoopEngine(sandboxes, [reply]);
    return engine.runner.run(
      toRequest({
        language: 'javascript',
        work: { kind: 'decompose', maxSubtasks: 5 },
        ...request,
      }),
      signal,
    );
  };
  const combined = () => engine.model.asked.at(-1)?.messages.at(-1)?.text ?? '';

  it('answers every part over the context in a session of its own, and combines them', async () => {
    const result = await run({
      split: plan('one', 'two'),
      part: (part) => toBlock(`FINAL("${part}: " + context.length)`),
      combine: 'both say 16',
    });
    assert.deepStrictEqual(
      [result.answer, result.finishReason, result.subtasks?.map(({ answer }) => answer)],
      ['both say 16', 'submitted', ['one: 16', 'two: 16']],
    );
    assert.match(combined(), /## 1\. one\n\none: 16\n\n## 2\. two\n\ntwo: 16/u);
    const ids = new Set([result.sessionId, ...(result.subtasks ?? []).map((one) => one.sessionId)]);
    assert.equal(ids.size, 3);
  });

  it('loses only the part that fails', async () => {
    const gone = new RlmError('MODEL_UNAVAILABLE', 'busy', { nextStep: 'Wait.' });
    const result = await run({
      split: plan('good', 'bad'),
      part: (part) => (part === 'bad' ? Promise.reject(gone) : toBlock('FINAL("fine")')),
    });
    assert.deepStrictEqual(
      result.subtasks?.map(({ answer, error }) => [answer, error]),
      [
        ['fine', null],
        [null, 'MODEL_UNAVAILABLE: busy'],
      ],
    );
    assert.equal(result.answer, 'the whole');
    assert.match(combined(), /\(failed: MODEL_UNAVAILABLE: busy\)/u);
  });

  it('fails as its parts do when all of them fail', async () => {
    const gone = new RlmError('MODEL_UNAVAILABLE', 'busy', { nextStep: 'Wait.' });
    await assert.rejects(
      run({ split: plan('a', 'b'), part: () => Promise.reject(gone) }),
      (thrown) => thrown === gone,
    );
  });

  it('ends by the guardrail that ended all parts', async () => {
    const result = await run(
      { split: plan('a', 'b'), part: () => toBlock('x = 1') },
      { limits: { maxSteps: 1 } },
    );
    assert.deepStrictEqual(
      [result.finishReason, result.answer, result.subtasks?.map(({ error }) => error)],
      ['max_steps', null, ['no answer (max_steps)', 'no answer (max_steps)']],
    );
  });

  it('shows which answers were drawn from variables where the parts are put together', async () => {
    const part = (name: string, isLast: boolean): string =>
      name === 'sure' ? toBlock('FINAL("sure")') : isLast ? 'perhaps' : toBlock('n = 1');
    let asked = 0;
    const result = await run(
      { split: plan('sure', 'doubt'), part: (name) => part(name, name === 'doubt' && asked++ > 0) },
      { maxIterations: 1 },
    );
    assert.deepStrictEqual(
      result.subtasks?.map(({ answer, finishReason }) => [answer, finishReason]),
      [
        ['sure', 'submitted'],
        ['perhaps', 'max_iterations'],
      ],
    );
    assert.match(
      combined(),
      /## 1\. sure\n\nsure\n\n## 2\. doubt\n\n\(Its work was not finished.*\)\n\nperhaps/u,
    );
  });

  it('ends by its iterations when no part has answered in its own', async () => {
    const result = await run(
      { split: plan('a', 'b'), part: () => '<think>Hm.</think>' },
      { maxIterations: 1 },
    );
    assert.deepStrictEqual(
      [result.finishReason, result.answer, result.subtasks?.map(({ error }) => error)],
      ['max_iterations', null, ['no answer (max_iterations)', 'no answer (max_iterations)']],
    );
  });

  it('fails when the answers are put together to nothing', async () => {
    await assert.rejects(
      run({
        split: plan('a'),
        part: () => toBlock('FINAL("fine")'),
        combine: '<think>Hm.</think>',
      }),
      { code: 'MODEL_UNAVAILABLE' },
    );
  });

  describe('whose parts are still at work', () => {
    const hang: Answer = () => new Promise<string>(() => undefined);
    const untilAllAsked = async (): Promise<void> => {
      while (engine.model.asked.length < 4) {
        await delay(10); // mocha's time-out ends it
      }
    };

    it('give the answers that there are when the session’s time is over', async () => {
      const { subtasks } = await run(
        {
          split: plan('done', 'hanging'),
          part: (part) => (part === 'done' ? toBlock('FINAL("found")') : hang(part)),
        },
        { limits: { maxSessionMs: 1_500 } },
      );
      assert.deepStrictEqual(
        subtasks?.map((one) => one.answer),
        ['found', null],
      );
    });

    it('end with their parts when the session is stopped', async () => {
      const running = run({ split: plan('a', 'b', 'c'), part: hang });
      const rejected = assert.rejects(
        running,
        (thrown) => thrown instanceof RlmError && thrown.code === 'CANCELLED',
      );
      await untilAllAsked();
      await engine.sessions.live.find(({ seed }) => seed.depth === 0)?.stop();
      await rejected;
      assert.deepStrictEqual(
        engine.sessions.live.map(({ status }) => status),
        ['stopped', 'stopped', 'stopped', 'stopped'],
      );
    });

    it('end with their parts when the session’s time is over', async () => {
      const running = run(
        { split: plan('a', 'b', 'c'), part: hang },
        { limits: { maxSessionMs: 1_500 } },
      );
      await untilAllAsked();
      const children = engine.sessions.live.filter(({ seed }) => seed.depth === 1);
      assert.ok(children.every(({ seed }) => seed.limits.maxSessionMs < 1_500));
      const { finishReason, answer, subtasks } = await running;
      assert.deepStrictEqual([finishReason, answer], ['timeout', null]);
      assert.ok(subtasks?.length === 3 && subtasks.every(({ sessionId }) => sessionId !== null));
      assert.ok(engine.sessions.live.every(({ status }) => status === 'stopped'));
    });
  });

  it('reads a list of parts with words and a fence around it', async () => {
    const result = await run({
      split: `<think>[1]</think>Here:\n\`\`\`json\n${plan('only')}\n\`\`\``,
      part: () => toBlock('FINAL(1)'),
    });
    assert.deepStrictEqual(
      result.subtasks?.map(({ title }) => title),
      ['only'],
    );
  });

  it('works on the task as a whole when the model gives no list, or too long a one', async () => {
    for (const split of ['I would rather not.', plan('1', '2', '3', '4', '5', '6')]) {
      const result = await run({ split, part: () => toBlock('FINAL(1)') });
      assert.deepStrictEqual(
        result.subtasks?.map(({ title }) => title),
        ['The whole task'],
      );
      await engine.close();
    }
  });

  it('works on at most four parts at a time', async () => {
    let running = 0;
    let most = 0;
    let open: () => void = () => undefined;
    const four = new Promise<void>((resolve) => {
      open = resolve;
    });
    const result = await run(
      {
        split: plan('a', 'b', 'c', 'd', 'e', 'f'),
        part: async () => {
          running += 1;
          most = Math.max(most, running);
          if (running === 4) {
            open();
          }
          await four;
          running -= 1;
          return toBlock('FINAL(1)');
        },
      },
      { work: { kind: 'decompose', maxSubtasks: 6 } },
    );
    assert.deepStrictEqual([most, result.subtasks?.length], [4, 6]);
  });

  it('tells which parts begin and end', async () => {
    const seen: LoopProgress[] = [];
    await run(
      { split: plan('one'), part: () => toBlock('FINAL(1)') },
      { onProgress: (progress) => seen.push(progress) },
    );
    assert.deepStrictEqual(seen.slice(1), [
      { kind: 'subtask', title: 'one', state: 'started', ended: 0, total: 1 },
      { kind: 'subtask', title: 'one', state: 'answered', ended: 1, total: 1 },
    ]);
  });

  it('cancels every part with the whole', async () => {
    const controller = new AbortController();
    const running = run(
      {
        split: plan('a', 'b'),
        part: () => {
          controller.abort();
          return new Promise(() => undefined);
        },
      },
      {},
      controller.signal,
    );
    await assert.rejects(
      running,
      (thrown) => thrown instanceof RlmError && thrown.code === 'CANCELLED',
    );
    assert.deepStrictEqual(
      engine.sessions.live.filter(({ status }) => status === 'active'),
      [],
    );
  });
});
