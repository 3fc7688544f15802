// What a session asks of models and children, and who pays.

import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import type { LoopRequest, LoopResult, LoopRunner } from '../../../src/core/loop';
import type { ModelClient } from '../../../src/core/model';
import type { StepRequest } from '../../../src/core/sandbox';
import { WorkPool } from '../../../src/core/workPool';
import { createFakeSession } from '../../support/fakePorts';

const never = new AbortController().signal;
const ask = (text: string) => ({
  messages: [
    { role: 'system', text: 'You write code.' },
    { role: 'user', text },
  ] as const,
  model: null,
  client: null,
});

/** Child runs that each open a session of their own on the parent's budget and ask their model once. */
function createLoops(answer: (task: string) => string | null): LoopRunner & {
  readonly requests: LoopRequest[];
} {
  const requests: LoopRequest[] = [];
  const run = async (request: LoopRequest): Promise<LoopResult> => {
    requests.push(request);
    const { session } = createFakeSession(
      {},
      { parentBudget: request.parent?.budget ?? null, loops: null },
    );
    const sessionId = `child-${requests.length}`;
    request.onProgress?.({ kind: 'opened', sessionId });
    await session.ask(ask(request.task), never);
    const { usage } = session.summary;
    const { limits } = session.seed;
    session.dispose();
    return {
      sessionId,
      answer: answer(request.task),
      iterations: 1,
      warnings: [],
      finishReason: 'submitted',
      usage,
      limits,
    };
  };
  return { requests, run };
}

function callHost(name: string, args: readonly unknown[], given: unknown[]) {
  return async ({ onHostCall }: StepRequest) => {
    given.push(
      await onHostCall({ name, args }, never).catch((error: unknown) =>
        error instanceof RlmError ? error.code : error,
      ),
    );
    return {};
  };
}

describe('a session’s models', () => {
  it('write its code out of its budget, onto its trace', async () => {
    const { session, sink } = createFakeSession();
    const { text } = await session.ask(ask('Count.'), never);
    const [event] = sink.events;
    assert.ok(event?.kind === 'model.answered');
    assert.deepStrictEqual(
      [text, event.purpose, event.prompt, event.answer, event.step, session.summary.usage.llmCalls],
      ['re: Count.', 'loop', 'Count.', 're: Count.', 1, 1],
    );
  });

  it('are not asked beyond the limits, and the session stops then', async () => {
    const { session, model } = createFakeSession({ maxLlmCalls: 1 });
    await session.ask(ask('one'), never);
    await assert.rejects(session.ask(ask('two'), never), { code: 'GUARDRAIL_STOPPED' });
    assert.deepStrictEqual(
      [session.status, session.summary.stopCause, model.prompts.length],
      ['stopped', 'llm_limit', 1],
    );
  });

  it('are paid for what their broken attempts have used, also when no answer came', async () => {
    const { session, model, sink } = createFakeSession({ maxLlmTokens: 10_000 });
    const usage = { promptTokens: 40, answerTokens: 2, tokensEstimated: true, costUsd: 0.5 };
    model.reply = async ({ onSpent }) => {
      onSpent?.(usage);
      throw new RlmError('MODEL_UNAVAILABLE', 'cut', { nextStep: 'Ask again.' });
    };
    await assert.rejects(session.ask(ask('one'), never), { code: 'MODEL_UNAVAILABLE' });
    const [event] = sink.events;
    assert.ok(event?.kind === 'model.answered');
    const { promptTokens, answerTokens, tokensEstimated, costUsd } = event;
    assert.deepStrictEqual({ promptTokens, answerTokens, tokensEstimated, costUsd }, usage);
    assert.deepStrictEqual(
      [session.summary.usage.llmCalls, session.summary.usage.llmTokens, event.answer],
      [1, 42, null],
    );
  });

  it('are let go when the session is stopped', async () => {
    const { session, model } = createFakeSession();
    let aborted = false;
    const asked = new Promise<void>((resolve) => {
      model.reply = (_request, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new RlmError('CANCELLED', 'gone', { nextStep: '' }));
          });
          resolve();
        });
    });
    const asking = assert.rejects(session.ask(ask('slow'), never), { code: 'CANCELLED' });
    await asked;
    await session.stop();
    await asking;
    assert.equal(aborted, true);
  });

  it('are let go when the session’s time is over, and the session stops', async () => {
    const { session, model, clock } = createFakeSession({ maxSessionMs: 10_000 });
    const asked = new Promise<void>((resolve) => {
      model.reply = () => {
        resolve();
        return new Promise(() => undefined); // it does not heed its signal either
      };
    });
    const asking = assert.rejects(session.ask(ask('slow'), never), { code: 'CANCELLED' });
    await asked;
    clock.advance(10_000);
    await asking;
    assert.deepStrictEqual([session.status, session.summary.stopCause], ['stopped', 'timeout']);
  });

  it('hold no step beyond the session’s time while its caller is asked', async () => {
    const { session, sandbox, clock, sink } = createFakeSession({ maxSessionMs: 10_000 });
    const error = { type: 'CancelledError', message: 'On request.', line: null, traceback: '' };
    sandbox.script = (_request, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ interruption: 'cancelled', error }));
        queueMicrotask(() => clock.advance(10_000));
      });
    const { outcome, stop } = await session.runStep({ code: 'x' }, never);
    await session.stop(); // after what waits in line
    assert.deepStrictEqual(
      [outcome.interruption, outcome.error?.type, stop, session.summary.stopCause],
      ['timeout', 'TimeoutError', 'timeout', 'timeout'],
    );
    assert.equal(sink.events.filter(({ kind }) => kind === 'session.stopped').length, 0);
  });

  it('answer a batch in order, and keep the other answers when one fails', async () => {
    const { session, sandbox, model } = createFakeSession();
    model.reply = async ({ messages }) => {
      const text = messages.at(-1)?.text ?? '';
      if (text === 'b') {
        throw new RlmError('MODEL_UNAVAILABLE', 'no b', { nextStep: 'Ask again.' });
      }
      return text.toUpperCase();
    };
    const given: unknown[] = [];
    sandbox.script = callHost('llm_query_batched', [['a', 'b', 'c']], given);
    await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual(given, [
      {
        answers: ['A', null, 'C'],
        failures: [{ index: 1, code: 'MODEL_UNAVAILABLE', message: 'no b Ask again.' }],
      },
    ]);
  });

  it('of a batch that failed as a whole make it fail', async () => {
    const { session, sandbox, model } = createFakeSession();
    model.reply = async () => {
      throw new RlmError('MODEL_UNAVAILABLE', 'no', { nextStep: '' });
    };
    const given: unknown[] = [];
    sandbox.script = callHost('llm_query_batched', [['a', 'b']], given);
    await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual(given, ['MODEL_UNAVAILABLE']);
  });

  it('answer sub-calls with the step’s client, and its wait is not charged', async () => {
    const { session, sandbox, model, clock } = createFakeSession();
    const client: ModelClient = {
      sample: null,
      ask: async () => {
        clock.advance(60_000);
        const tokens = { promptTokens: 1, answerTokens: 1, tokensEstimated: true };
        return { text: 'from the agent', model: 'caller/agent', ...tokens, costUsd: null };
      },
    };
    model.reply = async (request, signal) =>
      (await request.client?.ask?.(request, signal))?.text ?? 'nobody';
    const given: unknown[] = [];
    sandbox.script = callHost('llm_query', ['q'], given);
    const { durationMs } = await session.runStep({ code: 'x', client }, never);
    assert.deepStrictEqual([given, durationMs, sandbox.holds], [['from the agent'], 0, [1, 0]]);
  });
});

describe('child sessions', () => {
  it('are paid for by the session whose code asked, and recorded as its call', async () => {
    const loops = createLoops((task) => `answer to ${task}`);
    const { session, sandbox, sink } = createFakeSession({}, { parentBudget: null, loops });
    const given: unknown[] = [];
    sandbox.script = callHost('rlm_query', ['sum up', 'the text'], given);
    const { usage } = await session.runStep({ code: 'x' }, never);
    const call = sink.events.find((event) => event.kind === 'model.answered');
    assert.deepStrictEqual(
      [given, loops.requests[0]?.context.text, usage.llmCalls, usage.llmTokens],
      [['answer to sum up'], 'the text', 1, 10],
    );
    assert.deepStrictEqual(
      [call?.childSessionId, call?.answer, call?.promptTokens],
      ['child-1', 'answer to sum up', 0],
    );
  });

  it('run several at once, each with a context of its own', async () => {
    const loops = createLoops((task) => task.toUpperCase());
    const { session, sandbox } = createFakeSession({}, { parentBudget: null, loops });
    const given: unknown[] = [];
    sandbox.script = callHost(
      'rlm_query_batched',
      [
        ['a', 'b'],
        ['1', { two: 2 }],
      ],
      given,
    );
    await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual(given, [{ answers: ['A', 'B'], failures: [] }]);
    assert.deepStrictEqual(
      loops.requests.map(({ context }) => context.text),
      ['1', '{\n "two": 2\n}'],
    );
  });

  it('go no deeper than max_depth', async () => {
    const loops = createLoops(() => 'x');
    const { session, sandbox } = createFakeSession({ maxDepth: 0 }, { parentBudget: null, loops });
    const given: unknown[] = [];
    sandbox.script = callHost('rlm_query', ['q', 'c'], given);
    await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual([given, loops.requests.length], [['GUARDRAIL_STOPPED'], 0]);
  });

  it('that end without an answer are an error, and what they used is counted', async () => {
    const loops = createLoops(() => null);
    const { session, sandbox } = createFakeSession({}, { parentBudget: null, loops });
    const given: unknown[] = [];
    sandbox.script = callHost('rlm_query', ['q', 'c'], given);
    const { usage } = await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual([given, usage.llmCalls], [['GUARDRAIL_STOPPED'], 1]);
  });

  it('share what their parent has left: none can outspend it', async () => {
    const loops = createLoops((task) => task);
    const { session, sandbox } = createFakeSession(
      { maxLlmCalls: 2 },
      { parentBudget: null, loops },
    );
    const given: unknown[] = [];
    const contexts = ['1', '2', '3', '4'];
    sandbox.script = callHost('rlm_query_batched', [['a', 'b', 'c', 'd'], contexts], given);
    const { usage } = await session.runStep({ code: 'x' }, never);
    const [batch] = given as { answers: unknown[] }[]; // as the call before shows
    assert.deepStrictEqual(
      [usage.llmCalls, batch?.answers.filter((answer) => answer !== null).length],
      [2, 2],
    );
  });

  it('that are parts of one run share its steps and its running time', async () => {
    const pool = new WorkPool({ maxSteps: 3, maxRuntimeMs: 1_000 });
    const family = { parentBudget: null, loops: null, pool };
    const [left, right] = [createFakeSession({}, family), createFakeSession({}, family)];
    left.sandbox.script = async () => {
      left.clock.advance(400);
      return {};
    };
    await left.session.runStep({ code: 'a' }, never);
    await right.session.runStep({ code: 'b' }, never);
    assert.equal(right.sandbox.requests[0]?.timeoutMs, 600);
    assert.equal((await left.session.runStep({ code: 'c' }, never)).stop, 'max_steps');
    await assert.rejects(right.session.runStep({ code: 'd' }, never), {
      code: 'GUARDRAIL_STOPPED',
    });
    const late = new WorkPool({ maxSteps: 3, maxRuntimeMs: 300 });
    const other = createFakeSession({}, { ...family, pool: late });
    other.sandbox.script = async () => {
      other.clock.advance(300);
      return {};
    };
    assert.equal((await other.session.runStep({ code: 'e' }, never)).stop, 'timeout');
  });

  it('and do so side by side: the last step is taken once, and time by no two', async () => {
    const pool = new WorkPool({ maxSteps: 2, maxRuntimeMs: 1_000 });
    const family = { parentBudget: null, loops: null, pool };
    const parts = Array.from({ length: 3 }, () => createFakeSession({}, family));
    const ends: (() => void)[] = [];
    for (const { sandbox, clock } of parts) {
      sandbox.script = async ({ onHostCall }, signal) => {
        await new Promise<void>((resolve) => ends.push(resolve));
        clock.advance(300);
        const left = await onHostCall({ name: 'budget', args: [] }, signal);
        return { result: JSON.stringify(left) };
      };
    }
    const ran = parts.map(({ session }) => session.runStep({ code: 'a' }, never));
    const all = Promise.allSettled(ran);
    const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await turns();
    assert.equal(ends.length, 1); // the others may have as much time only after it
    ends[0]?.();
    await turns();
    assert.equal(ends.length, 2);
    ends[1]?.();
    const outcomes = await all;
    assert.deepStrictEqual(
      outcomes.map((one) =>
        one.status === 'fulfilled' ? one.value.stop : (one.reason as RlmError).code,
      ),
      ['max_steps', 'max_steps', 'GUARDRAIL_STOPPED'], // the second began before the first had its verdict
    );
    assert.deepStrictEqual(
      parts.map(({ sandbox }) => sandbox.requests.map(({ timeoutMs }) => timeoutMs)),
      [[1_000], [700], []],
    );
    const [first] = outcomes;
    assert.ok(first?.status === 'fulfilled');
    const { steps_left, runtime_ms_left } = JSON.parse(first.value.outcome.result ?? '') as Record<
      string,
      number
    >;
    assert.deepStrictEqual([steps_left, runtime_ms_left, pool.leftMs], [1, 1_000, 400]);
  });

  it('and wait for its time no longer than they may', async () => {
    const pool = new WorkPool({ maxSteps: 5, maxRuntimeMs: 1_000 });
    const family = { parentBudget: null, loops: null, pool };
    const [first, second, third] = [1, 2, 3].map(() => createFakeSession({}, family));
    assert.ok(first && second && third);
    let end: () => void = () => undefined;
    first.sandbox.script = () => new Promise((resolve) => (end = () => resolve({})));
    const running = first.session.runStep({ code: 'a' }, never);
    const controller = new AbortController();
    const cancelled = second.session.runStep({ code: 'a' }, controller.signal);
    const stopped = third.session.runStep({ code: 'a' }, never);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    const stopping = third.session.stop();
    await assert.rejects(cancelled, { code: 'CANCELLED' });
    await assert.rejects(stopped, { code: 'GUARDRAIL_STOPPED' });
    await stopping;
    end();
    await running;
    assert.equal(pool.leftSteps, 4);
  });

  it('and characters of code and output are one budget', async () => {
    const { session: parent } = createFakeSession({ budgetLimit: 1_000 });
    const parentBudget = parent.asParent.budget;
    const { session: child, sandbox } = createFakeSession({}, { parentBudget, loops: null });
    sandbox.script = async () => ({ stdout: 'x'.repeat(1_000) });
    const { stop } = await child.runStep({ code: 'a' }, never);
    const after = await parent.runStep({ code: 'b' }, never).catch((error: unknown) => error);
    assert.deepStrictEqual(
      [stop, after instanceof RlmError && after.code, parent.summary.stopCause],
      ['budget_exceeded', 'GUARDRAIL_STOPPED', 'budget_exceeded'],
    );
  });
});
