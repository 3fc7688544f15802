import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { LeaseLostError } from '../../../src/core/traceStore';
import { maxAnswerChars } from '../../../src/core/sessionErrors';
import { applyEvent, createSummary } from '../../../src/core/summary';
import { createFakeSession } from '../../support/fakePorts';

const never = new AbortController().signal;
const withCode = (code: string) => (error: unknown) =>
  error instanceof RlmError && error.code === code;

describe('session', () => {
  it('drops a byte-order mark at the head of a step’s code', async () => {
    const { session, sandbox } = createFakeSession({});
    await session.runStep({ code: '\ufeffa = "\ufeff"' }, never);
    assert.deepStrictEqual(
      sandbox.requests.map(({ code }) => code),
      ['a = "\ufeff"'],
    );
  });

  describe('guardrails', () => {
    it('let the step that reaches max_steps return its output, and no later one run', async () => {
      const { session, sandbox } = createFakeSession({ maxSteps: 2 });
      sandbox.script = async () => ({ stdout: 'out' });
      const first = await session.runStep({ code: 'a' }, never);
      const second = await session.runStep({ code: 'b' }, never);
      assert.deepStrictEqual([first.stop, second.stop], [null, 'max_steps']);
      assert.equal(second.outcome.stdout, 'out');
      await assert.rejects(session.runStep({ code: 'c' }, never), withCode('GUARDRAIL_STOPPED'));
      assert.deepStrictEqual(
        [sandbox.requests.length, session.status, session.summary.stopCause],
        [2, 'stopped', 'max_steps'],
      );
    });

    it('add up running time and stop with timeout', async () => {
      const { session, sandbox, clock } = createFakeSession({ maxRuntimeMs: 1_000 });
      sandbox.script = async () => {
        clock.advance(600);
        return {};
      };
      assert.equal((await session.runStep({ code: 'a' }, never)).stop, null);
      clock.advance(50_000); // a caller's thinking time is not charged
      assert.equal((await session.runStep({ code: 'b' }, never)).stop, 'timeout');
    });

    it('give a step no more time than its own limit, what it asked for, and what is left', async () => {
      const { session, sandbox, clock } = createFakeSession({
        maxRuntimeMs: 1_000,
        stepTimeoutMs: 700,
      });
      sandbox.script = async () => {
        clock.advance(400);
        return {};
      };
      await session.runStep({ code: 'a' }, never);
      await session.runStep({ code: 'b', timeoutMs: 50 }, never);
      await session.runStep({ code: 'c', timeoutMs: 5_000 }, never);
      assert.deepStrictEqual(
        sandbox.requests.map((request) => request.timeoutMs),
        [700, 50, 200],
      );
    });

    it('stop by the wall clock before a step, between calls too', async () => {
      const { session, sandbox, clock } = createFakeSession({ maxSessionMs: 5_000 });
      clock.advance(5_000);
      await assert.rejects(session.runStep({ code: 'a' }, never), withCode('GUARDRAIL_STOPPED'));
      assert.deepStrictEqual([sandbox.requests.length, session.summary.stopCause], [0, 'timeout']);
    });

    it('give the step that is running no more than is left of the session’s time', async () => {
      const { session, sandbox, clock } = createFakeSession({ maxSessionMs: 5_000 });
      clock.advance(3_000);
      sandbox.script = async ({ timeoutMs }) => {
        clock.advance(timeoutMs);
        return { interruption: 'timeout' };
      };
      assert.equal((await session.runStep({ code: 'a' }, never)).stop, 'timeout');
      assert.equal(sandbox.requests[0]?.timeoutMs, 2_000);
    });

    it('name max_runtime_ms where what is left of it has cut a step short, and only there', async () => {
      const { session, sandbox, clock } = createFakeSession({
        maxRuntimeMs: 5_000,
        stepTimeoutMs: 3_000,
      });
      const error = { type: 'TimeoutError', message: 'Cut.', traceback: '', line: null };
      sandbox.script = async ({ timeoutMs }) => {
        clock.advance(timeoutMs);
        return { interruption: 'timeout', error };
      };
      const first = await session.runStep({ code: 'a' }, never);
      const second = await session.runStep({ code: 'a' }, never);
      assert.equal(first.outcome.error?.message, 'Cut.');
      assert.match(second.outcome.error?.message ?? '', /max_runtime_ms \(5,000\)/u);
    });

    it('count code, stdout and stderr against the budget', async () => {
      const { session, sandbox } = createFakeSession({ budgetLimit: 1_000 });
      sandbox.script = async () => ({ stdout: 'o'.repeat(400), stderr: 'e'.repeat(500) });
      const { stop, usage } = await session.runStep({ code: 'c'.repeat(100) }, never);
      assert.deepStrictEqual([stop, usage.budgetUsed], ['budget_exceeded', 1_000]);
    });

    it('refuse a sub-model call over its limit inside the step, then stop with llm_limit', async () => {
      const { session, sandbox, model } = createFakeSession({ maxLlmCalls: 2 });
      const failures: string[] = [];
      sandbox.script = async ({ onHostCall }) => {
        await onHostCall({ name: 'llm_query', args: ['one'] }, never);
        await onHostCall({ name: 'llm_query', args: ['two'] }, never);
        await onHostCall({ name: 'llm_query', args: ['three'] }, never).catch((error: RlmError) =>
          failures.push(error.code),
        );
        return {};
      };
      const { stop, usage } = await session.runStep({ code: 'a' }, never);
      assert.deepStrictEqual([stop, failures], ['llm_limit', ['GUARDRAIL_STOPPED']]);
      assert.deepStrictEqual([usage.llmCalls, usage.llmTokens, model.prompts.length], [2, 20, 2]);
    });

    it('never let a batch take more calls than are left', async () => {
      const { session, sandbox, model } = createFakeSession({ maxLlmCalls: 3 });
      sandbox.script = async ({ onHostCall }) => {
        const prompts = ['1', '2', '3', '4', '5'];
        await onHostCall({ name: 'llm_query_batched', args: [prompts] }, never).catch(() => null);
        return {};
      };
      await session.runStep({ code: 'a' }, never);
      assert.equal(model.prompts.length, 3);
    });
  });

  describe('steps', () => {
    it('run one after another in the order received', async () => {
      const { session, sandbox } = createFakeSession();
      const order: string[] = [];
      sandbox.script = async ({ code }) => {
        order.push(`${code} starts`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${code} ends`);
        return {};
      };
      await Promise.all(['a', 'b', 'c'].map((code) => session.runStep({ code }, never)));
      assert.deepStrictEqual(
        order,
        ['a', 'b', 'c'].flatMap((code) => [`${code} starts`, `${code} ends`]),
      );
    });

    it('that were cancelled while they waited do not run', async () => {
      const { session, sandbox } = createFakeSession();
      await assert.rejects(
        session.runStep({ code: 'a' }, AbortSignal.abort()),
        withCode('CANCELLED'),
      );
      assert.equal(sandbox.requests.length, 0);
    });

    it('go on after code that raised', async () => {
      const { session, sandbox } = createFakeSession();
      sandbox.script = async () => ({
        error: { type: 'ValueError', message: 'no', line: 1, traceback: '' },
      });
      await session.runStep({ code: 'a' }, never);
      assert.deepStrictEqual([session.status, session.summary.usage.steps], ['active', 1]);
    });

    it('are refused, with the reason, once the sandbox is gone', async () => {
      const { session, sandbox } = createFakeSession();
      sandbox.die('its process ended');
      await assert.rejects(session.runStep({ code: 'a' }, never), withCode('SANDBOX_EXEC_ERROR'));
    });
  });

  describe('a user’s stop', () => {
    it('interrupts the running step and ends the session', async () => {
      const { session, sandbox } = createFakeSession();
      const stopped: Promise<void>[] = [];
      sandbox.script = (_request, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ interruption: 'cancelled' }));
          stopped.push(session.stop());
        });
      await session.runStep({ code: 'a' }, never);
      await Promise.all(stopped);
      assert.deepStrictEqual([session.status, session.summary.stopCause], ['stopped', 'user']);
    });
  });

  describe('finalizing', () => {
    it('is idempotent for the same answer and refuses a different one', async () => {
      const { session } = createFakeSession();
      const first = await session.finalize({ text: 'yes' }, never);
      const again = await session.finalize({ text: 'yes' }, never);
      assert.deepStrictEqual([first.finalAnswer, again.finalAnswer], ['yes', 'yes']);
      await assert.rejects(session.finalize({ text: 'no' }, never), withCode('SESSION_FINALIZED'));
      await assert.rejects(session.runStep({ code: 'a' }, never), withCode('SESSION_FINALIZED'));
    });

    it('takes the answer from a variable, again the same from the same variable', async () => {
      const { session, sandbox } = createFakeSession();
      sandbox.variables.set('v', {
        type: 'str',
        form: 'text',
        text: 'long',
        totalChars: 4,
        incomplete: null,
      });
      assert.equal((await session.finalize({ variable: 'v' }, never)).finalAnswer, 'long');
      sandbox.variables.clear();
      assert.equal((await session.finalize({ variable: 'v' }, never)).finalAnswer, 'long');
      assert.equal((await session.finalize({ text: 'long' }, never)).finalAnswer, 'long');
      await assert.rejects(
        session.finalize({ variable: 'w' }, never),
        withCode('SESSION_FINALIZED'),
      );
    });

    it('works on a stopped session and keeps the guardrail as the reason', async () => {
      const { session, sink } = createFakeSession({ maxSteps: 1 });
      await session.runStep({ code: 'a' }, never);
      await session.finalize({ text: 'partial' }, never);
      const last = sink.events.at(-1);
      assert.equal(last?.kind === 'session.finalized' && last.finishReason, 'max_steps');
    });

    it('refuses an unknown variable and an answer longer than a trace keeps', async () => {
      const { session } = createFakeSession();
      await assert.rejects(session.finalize({ variable: 'v' }, never), withCode('VAR_NOT_FOUND'));
      const text = 'x'.repeat(maxAnswerChars + 1);
      await assert.rejects(session.finalize({ text }, never), withCode('INVALID_INPUT'));
      assert.equal(session.status, 'active');
    });
  });

  describe('an answer', () => {
    it('that was not read whole commits nothing, and says why', async () => {
      const { session, sandbox } = createFakeSession();
      sandbox.variables.set('v', {
        type: 'list',
        form: 'repr',
        text: '[1, 2',
        totalChars: 5,
        incomplete: 'it takes more time than there is',
      });
      await assert.rejects(
        session.finalize({ variable: 'v' }, never),
        (error: unknown) =>
          withCode('INVALID_INPUT')(error) &&
          /it takes more time than there is/u.test(String(error)),
      );
      assert.deepStrictEqual([session.status, session.summary.finalAnswer], ['active', null]);
    });

    it('is never empty or white space, however it is given', async () => {
      for (const text of ['', ' ', ' \n\t\u00a0']) {
        const { session, sandbox } = createFakeSession();
        sandbox.variables.set('v', {
          type: 'str',
          form: 'text',
          text,
          totalChars: text.length,
          incomplete: null,
        });
        for (const given of [{ text }, { variable: 'v' }]) {
          await assert.rejects(session.finalize(given, never), withCode('INVALID_INPUT'));
          await assert.rejects(session.checkAnswer(given, never), withCode('INVALID_INPUT'));
        }
        sandbox.script = async () => ({ finalAnswer: text });
        const { ending } = await session.runStep({ code: 'a', finalize: true }, never);
        assert.deepStrictEqual([ending?.kind, session.status], ['open', 'active']);
      }
    });

    it('is checked without ending or waiting for the step that runs', async () => {
      const { session, sandbox } = createFakeSession();
      let end: () => void = () => undefined;
      sandbox.script = () => new Promise((resolve) => (end = () => resolve({})));
      const running = session.runStep({ code: 'a' }, never);
      await new Promise((resolve) => setImmediate(resolve));
      const tooLong = 'x'.repeat(maxAnswerChars + 1);
      for (const refused of [{ variable: 'v' }, { text: tooLong }]) {
        await assert.rejects(session.checkAnswer(refused, never), withCode('INVALID_INPUT'));
      }
      await session.checkAnswer({ text: 'enough' }, never);
      assert.equal(session.summary.running, true);
      end();
      await running;
    });
  });

  describe('a stop', () => {
    it('refuses what is queued, with its own reason, and comes after what runs', async () => {
      const { session, sandbox, sink } = createFakeSession();
      sandbox.script = (_request, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ interruption: 'cancelled' }));
        });
      const running = session.runStep({ code: 'a' }, never);
      const queued = [
        session.runStep({ code: 'b' }, never),
        session.addContext({ text: 'more', paths: [] }, {}, never),
      ].map((call) => assert.rejects(call, /was stopped by the user/u));
      await new Promise((resolve) => setImmediate(resolve));
      const stopped = session.stop();
      const late = assert.rejects(session.runStep({ code: 'c' }, never), /stopped by the user/u);
      await Promise.all([running, ...queued, stopped, late]);
      assert.deepStrictEqual(
        sink.events.map(({ kind }) => kind),
        ['step.started', 'step.finished', 'session.stopped'],
      );
    });
  });

  describe('a context whose text could not be kept', () => {
    it('leaves the names of later ones as a replay counts them', async () => {
      const { session, sink } = createFakeSession();
      const add = (text: string) => session.addContext({ text, paths: [] }, {}, never);
      await add('A');
      const keepText = sink.keepText.bind(sink);
      sink.keepText = () => Promise.reject(new Error('the disk is full'));
      await assert.rejects(add('lost'));
      sink.keepText = keepText;
      const { variable } = await add('B');
      await add('C');
      assert.deepStrictEqual(
        [variable, [...sink.texts]],
        [
          'context_2',
          [
            ['context-1', 'A'],
            ['context-2', 'B'],
            ['context-3', 'C'],
          ],
        ],
      );
    });
  });

  describe('the trace', () => {
    it('has every change in order, and its fold is the session’s summary', async () => {
      const { session, sink, sandbox } = createFakeSession();
      sandbox.script = async ({ onHostCall }) => {
        await onHostCall({ name: 'llm_query', args: ['q'] }, never);
        return { stdout: 'x' };
      };
      await session.addContext({ text: 'given', paths: [] }, {}, never);
      await session.runStep({ code: 'a' }, never);
      await session.finalize({ text: 'done' }, never);
      await session.close('the engine ended');
      assert.deepStrictEqual(
        sink.events.map((event) => [event.kind, event.step, event.status]),
        [
          ['context.loaded', 0, 'active'],
          ['step.started', 1, 'active'],
          ['model.answered', 1, 'active'],
          ['step.finished', 1, 'active'],
          ['session.finalized', 1, 'finalized'],
          ['session.closed', 1, 'finalized'],
        ],
      );
      const opened = { ...session.seed } as Parameters<typeof createSummary>[0]; // it was the first event
      assert.deepStrictEqual(
        sink.events.reduce(applyEvent, createSummary(opened)),
        session.summary,
      );
      assert.equal(sink.texts.get('context-1'), 'given');
      assert.deepStrictEqual([sink.closed, sandbox.disposed], [true, true]);
    });

    it('holds back what could not be written, and runs nothing until it is', async () => {
      const { session, sink, sandbox } = createFakeSession();
      sink.failure = new RlmError('INTERNAL_ERROR', 'disk full', { nextStep: 'Free some space.' });
      await assert.rejects(session.runStep({ code: 'a' }, never), withCode('INTERNAL_ERROR'));
      await assert.rejects(session.runStep({ code: 'b' }, never), withCode('INTERNAL_ERROR'));
      assert.equal(sandbox.requests.length, 1);
      sink.failure = undefined;
      await session.runStep({ code: 'c' }, never);
      assert.deepStrictEqual(
        sink.events.map((event) => [event.kind, event.step]),
        [
          ['step.started', 1],
          ['step.finished', 1],
          ['step.started', 2],
          ['step.finished', 2],
        ],
      );
    });
  });

  it('that another engine has taken over runs and records nothing more, and says so once and for all', async () => {
    const { session, sink, sandbox } = createFakeSession();
    let lost = 0;
    session.onDidLoseLease(() => (lost += 1));
    await session.runStep({ code: 'a' }, never);
    sink.failure = new LeaseLostError();
    const input = { text: 'x' };
    const read = { name: 'x', offset: 0, maxChars: 10 };
    for (const call of [
      () => session.runStep({ code: 'b' }, never),
      () => session.readVariable(read, never),
      () => session.finalize(input, never),
      () => session.stop(),
      () => session.checkLease(),
    ]) {
      await assert.rejects(call(), withCode('SESSION_NOT_FOUND'));
    }
    sink.failure = undefined;
    await assert.rejects(session.runStep({ code: 'c' }, never), withCode('SESSION_NOT_FOUND'));
    assert.deepStrictEqual([sandbox.requests.length, sink.events.length, lost], [1, 2, 1]);
    await assert.rejects(session.close('the test ended'), withCode('SESSION_NOT_FOUND'));
    assert.deepStrictEqual([sink.closed, sandbox.disposed], [true, true]);
  });

  it('goes on without an event that is too long to be written at all', async () => {
    const { session, sink } = createFakeSession();
    sink.failure = new RlmError('INVALID_INPUT', 'too long', { nextStep: 'Print less.' });
    await assert.rejects(session.runStep({ code: 'a' }, never), withCode('INVALID_INPUT'));
    sink.failure = undefined;
    assert.equal((await session.runStep({ code: 'b' }, never)).step, 2);
  });

  it('ends its trace also when its last event cannot be written', async () => {
    const { session, sink, sandbox } = createFakeSession();
    sink.failure = new RlmError('INTERNAL_ERROR', 'disk full', { nextStep: 'Free some space.' });
    await assert.rejects(session.close('the test ended'), withCode('INTERNAL_ERROR'));
    assert.deepStrictEqual([sink.closed, sandbox.disposed], [true, true]);
  });

  it('leaves no timer and no listener behind when it is closed', async () => {
    const { session, clock } = createFakeSession();
    session.onDidAppend(() => undefined);
    await session.close('the test ended');
    assert.equal(clock.timerCount, 0);
  });
});
