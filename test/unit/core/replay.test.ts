import assert from 'node:assert/strict';
import { RlmError } from '../../../src/core/errors';
import { readHistory } from '../../../src/core/history';
import { type Outcome, backendNames } from '../../../src/core/sandbox';
import type { FakeSandbox } from '../../support/fakePorts';
import { createFakeRegistry, openFake } from '../../support/fakeRegistry';
import { MemoryTraceStore } from '../../support/memoryTraceStore';

const never = new AbortController().signal;
const value = { type: 'str', form: 'text', text: 'it', totalChars: 2, incomplete: null } as const;

const echo: FakeSandbox['script'] = async ({ code, onHostCall }) => ({
  stdout: code.startsWith('ask')
    ? String(await onHostCall({ name: 'llm_query', args: [code] }, never))
    : code,
});

describe('replay', () => {
  it('runs the recorded steps again, with recorded answers and without asking a model', async () => {
    const traces = new MemoryTraceStore();
    const first = createFakeRegistry(traces, echo);
    const session = await openFake(first.registry);
    await session.runStep({ code: 'a' }, never);
    await session.runStep({ code: 'ask b' }, never);
    await first.registry.closeAll('the engine ended');
    const second = createFakeRegistry(traces, echo);
    const { session: resumed, report } = await second.registry.resume(session.id, never);
    assert.deepStrictEqual(
      second.sandboxes[0]?.requests.map(({ code, step }) => [code, step]),
      [
        ['a', 1],
        ['ask b', 2],
      ],
    );
    assert.deepStrictEqual(report, {
      stepsRun: 2,
      stepsSkipped: 0,
      differences: [],
      differenceCount: 0,
      unfinishedStep: null,
    });
    assert.deepStrictEqual(second.model.prompts, []);
    const next = await resumed.runStep({ code: 'c' }, never);
    assert.deepStrictEqual([next.step, next.usage.llmCalls, resumed.status], [3, 1, 'active']);
  });

  it('names a step that began and has no end on record, until another runs', async () => {
    const traces = new MemoryTraceStore();
    const first = createFakeRegistry(traces, echo);
    const session = await openFake(first.registry);
    await session.runStep({ code: 'a' }, never);
    await session.runStep({ code: 'b' }, never);
    const query = { fromStep: null, toStep: null, cursor: null, limit: 100 };
    const { events } = await traces.readEvents(session.id, query);
    const cut = events.findLastIndex(({ kind }) => kind === 'step.started') + 1;
    const left = events
      .slice(0, cut)
      .map((event) => ({ ...event, status: 'interrupted' as const }));
    traces.addForeignTrace(session.id, left);
    const second = createFakeRegistry(traces, echo, '', 'engine-2');
    assert.equal(
      (await second.registry.openForReading(session.id, never)).report?.unfinishedStep,
      2,
    );
    const reader = (await second.registry.openForReading(session.id, never)).session;
    await assert.rejects(
      reader.readVariable({ name: 'z', offset: 0, maxChars: 9 }, never),
      (error: RlmError) => error.code === 'VAR_NOT_FOUND' && /Step 2 began/u.test(error.message),
    );
    const { session: resumed, report } = await second.registry.resume(session.id, never);
    assert.deepStrictEqual([report?.unfinishedStep, report?.stepsRun], [2, 1]);
    await resumed.runStep({ code: 'c' }, never);
    await second.registry.closeAll('the engine ended');
    const third = createFakeRegistry(traces, echo, '', 'engine-3');
    assert.equal((await third.registry.resume(session.id, never)).report?.unfinishedStep, null);
  });

  it('says per step where the replay differs from the record', async () => {
    const traces = new MemoryTraceStore();
    const first = createFakeRegistry(traces, async ({ code }) => ({ stdout: `${code} one` }));
    const session = await openFake(first.registry);
    await session.runStep({ code: 'a' }, never);
    await first.registry.closeAll('the engine ended');
    const second = createFakeRegistry(traces, async ({ code }) => ({ stdout: `${code} two` }));
    const { report } = await second.registry.resume(session.id, never);
    assert.deepStrictEqual(report?.differences, [
      { step: 1, field: 'stdout', recorded: 'a one', replayed: 'a two' },
    ]);
  });

  it('notices a value that differs beyond what is shown of it', async () => {
    const change = { change: 'added', name: 'v', type: 'str', size: 300, preview: 'aa…' } as const;
    const replayWith = async (recorded: string | null, replayed: string | null) => {
      const traces = new MemoryTraceStore();
      const first = createFakeRegistry(traces, async () => ({
        changes: [{ ...change, hash: recorded }],
      }));
      const session = await openFake(first.registry);
      await session.runStep({ code: 'a' }, never);
      await first.registry.closeAll('the engine ended');
      const second = createFakeRegistry(traces, async () => ({
        changes: [{ ...change, hash: replayed }],
      }));
      return (await second.registry.resume(session.id, never)).report?.differences;
    };
    assert.deepStrictEqual(await replayWith('0a', '0b'), [
      {
        step: 1,
        field: 'variable v',
        recorded: 'added str 300 aa… (content 0a)',
        replayed: 'added str 300 aa… (content 0b)',
      },
    ]);
    for (const [recorded, replayed] of [
      ['0a', '0a'],
      ['0a', null],
      [null, '0a'],
      [null, null],
    ] as const) {
      assert.deepStrictEqual(await replayWith(recorded, replayed), [], `${recorded} ${replayed}`);
    }
  });

  it('gives no recorded answer to another prompt, and asks nobody', async () => {
    const traces = new MemoryTraceStore();
    const first = createFakeRegistry(traces, echo);
    const session = await openFake(first.registry);
    await session.runStep({ code: 'ask b' }, never);
    await first.registry.closeAll('the engine ended');
    const codes: string[] = [];
    const second = createFakeRegistry(traces, async ({ onHostCall }) => {
      await onHostCall({ name: 'llm_query', args: ['other'] }, never).catch((error: RlmError) =>
        codes.push(error.code),
      );
      return {};
    });
    const { report } = await second.registry.resume(session.id, never);
    assert.deepStrictEqual([codes, second.model.prompts], [['MODEL_UNAVAILABLE'], []]);
    assert.deepStrictEqual(
      report?.differences.map(({ field }) => field),
      ['prompt 0', 'stdout'],
    );
  });

  it('gives recorded answers to the calls after those that were refused for what was given', async () => {
    const traces = new MemoryTraceStore();
    const script: FakeSandbox['script'] = async ({ onHostCall }) => {
      const said: unknown[] = [];
      for (const [name, ...args] of [
        ['llm_query', ''],
        ['llm_query_batched', Array.from({ length: 1_001 }, () => 'many')],
        ['llm_query_batched', ['empty', '']],
        ['rlm_query_batched', ['one', 'two'], ['one context']],
        ['llm_query', 'last'],
      ] as const) {
        await onHostCall({ name, args }, never).then(
          (answer) => said.push(answer),
          (error: RlmError) => said.push(error.code),
        );
      }
      return { stdout: said.join(' ') };
    };
    const first = createFakeRegistry(traces, script);
    const session = await openFake(first.registry);
    const { outcome } = await session.runStep({ code: 'a' }, never);
    assert.match(outcome.stdout, /^(INVALID_INPUT ){4}(?!INVALID_INPUT)/u);
    await first.registry.closeAll('the engine ended');
    const { report } = await createFakeRegistry(traces, script).registry.resume(session.id, never);
    assert.deepStrictEqual(report?.differences, []);
  });

  for (const end of ['stopped', 'finalized'] as const) {
    it(`lets the variables of a ${end} session be read in a later engine, and runs no step`, async () => {
      const traces = new MemoryTraceStore();
      const first = createFakeRegistry(traces, echo);
      const session = await openFake(first.registry, { maxSteps: 1 });
      await session.runStep({ code: 'a' }, never);
      if (end === 'finalized') {
        await session.finalize({ text: 'the answer' }, never);
      }
      await first.registry.closeAll('the engine ended');
      const second = createFakeRegistry(traces, echo);
      const { session: read, report } = await second.registry.openForReading(session.id, never);
      second.sandboxes[0]?.variables.set('v', value);
      const request = { name: 'v', offset: 0, maxChars: 10 };
      assert.deepStrictEqual(
        [await read.readVariable(request, never), report?.differences, read.summary.status],
        [value, [], end],
      );
      const resuming = second.registry.resume(session.id, never);
      if (end === 'finalized') {
        await assert.rejects(resuming, { code: 'SESSION_FINALIZED' });
      } else {
        const { session: resumed } = await resuming;
        await assert.rejects(resumed.runStep({ code: 'b' }, never), { code: 'GUARDRAIL_STOPPED' });
        second.sandboxes[1]?.variables.set('v', value);
        const { finalAnswer } = await second.registry.finalize(
          session.id,
          { variable: 'v' },
          never,
        );
        assert.equal(finalAnswer, 'it');
      }
    });
  }

  it('commits no variable unseen that was rebuilt otherwise than recorded', async () => {
    const traces = new MemoryTraceStore();
    const first = createFakeRegistry(traces, async () => ({ stdout: 'one' }));
    const session = await openFake(first.registry);
    await session.runStep({ code: 'a' }, never);
    await first.registry.closeAll('the engine ended');
    const second = createFakeRegistry(traces, async () => ({ stdout: 'two' }));
    const finalize = () => second.registry.finalize(session.id, { variable: 'v' }, never);
    await assert.rejects(finalize(), { code: 'INVALID_INPUT' });
    second.sandboxes[0]?.variables.set('v', value);
    assert.equal((await finalize()).finalAnswer, 'it');
  });

  it('ends a session that is not live with a text, and runs nothing again for it', async () => {
    const traces = new MemoryTraceStore();
    const first = createFakeRegistry(traces, echo);
    const session = await openFake(first.registry);
    await session.runStep({ code: 'a' }, never);
    await first.registry.closeAll('the engine ended');
    const { registry, sandboxes } = createFakeRegistry(traces, echo);
    const told: string[] = [];
    registry.onDidChange(({ event }) => told.push(`${event.kind} ${event.status}`));
    const give = (text: string) => registry.finalize(session.id, { text }, never);
    const [one, same, other] = await Promise.allSettled([give('yes'), give('yes'), give('no')]);
    assert.deepStrictEqual(
      [one, same].map((end) => end?.status === 'fulfilled' && end.value.finalAnswer),
      ['yes', 'yes'],
    );
    assert.ok(other?.status === 'rejected' && other.reason instanceof RlmError);
    assert.equal(other.reason.code, 'SESSION_FINALIZED');
    assert.deepStrictEqual(told, ['session.finalized finalized', 'session.closed finalized']);
    assert.equal((await give('yes')).finalAnswer, 'yes');
    await assert.rejects(give('no'), { code: 'SESSION_FINALIZED' });
    const { status, usage } = await registry.readSummary(session.id);
    assert.deepStrictEqual([sandboxes.length, status, usage.steps], [0, 'finalized', 1]);
  });

  it('says which source has changed, also far behind the preview', async () => {
    const traces = new MemoryTraceStore();
    const hashes = ['a'.repeat(64), 'b'.repeat(64)];
    const first = createFakeRegistry(traces, echo, hashes[0]);
    const session = await openFake(first.registry);
    await first.registry.closeAll('the engine ended');
    const second = createFakeRegistry(traces, echo, hashes[1]);
    const { report } = await second.registry.resume(session.id, never);
    assert.deepStrictEqual(
      report?.differences.map(({ field }) => field),
      ['context context'],
    );
  });

  it('refuses prompts as the limits had refused them, and gives what came between its own answer', async () => {
    const traces = new MemoryTraceStore();
    const script: FakeSandbox['script'] = async ({ onHostCall }) => {
      const codes: string[] = [];
      for (const name of ['llm_query', 'llm_query', 'llm_query', 'rlm_query', 'llm_query']) {
        await onHostCall({ name, args: ['a'] }, never).then(
          () => codes.push('ok'),
          ({ code }: RlmError) => codes.push(code),
        );
      }
      return { stdout: codes.join(' ') };
    };
    const first = createFakeRegistry(traces, script);
    const session = await openFake(first.registry, { maxLlmCalls: 1 });
    const { outcome, stop } = await session.runStep({ code: 'x' }, never);
    assert.deepStrictEqual(
      [outcome.stdout, stop],
      ['ok GUARDRAIL_STOPPED GUARDRAIL_STOPPED MODEL_UNAVAILABLE GUARDRAIL_STOPPED', 'llm_limit'],
    );
    await first.registry.closeAll('the engine ended');
    const second = createFakeRegistry(traces, script);
    const { report } = await second.registry.resume(session.id, never);
    assert.deepStrictEqual(report?.differences, []);
  });

  it('gives a fork its parent and the step it begins after, and larger limits', async () => {
    const traces = new MemoryTraceStore();
    const { registry } = createFakeRegistry(traces, echo);
    const session = await openFake(registry, { maxSteps: 1 });
    await session.runStep({ code: 'a' }, never);
    const request = { sessionId: session.id, atStep: null, title: '', limits: { maxSteps: 2 } };
    const { session: fork } = await registry.fork(request, never);
    const { parentSessionId, sourceStep, depth } = fork.summary;
    assert.deepStrictEqual([parentSessionId, sourceStep, depth], [session.id, 1, 0]);
    assert.equal((await fork.runStep({ code: 'b' }, never)).stop, 'max_steps');
  });

  it('refuses a fork that could run no step, names the limit, and takes a larger one', async () => {
    const traces = new MemoryTraceStore();
    const { registry, sandboxes } = createFakeRegistry(traces, async () => ({
      stdout: 'a'.repeat(1_500),
      durationMs: 600,
    }));
    const used = { maxSteps: 2, budgetLimit: 3_000 };
    for (const [name, config] of [
      ['maxSteps', 'max_steps 2'],
      ['budgetLimit', 'budget_limit 3,000'],
    ] as const) {
      const session = await openFake(registry, { [name]: used[name] });
      await session.runStep({ code: 'a' }, never);
      await session.runStep({ code: 'b' }, never);
      assert.equal(session.status, 'stopped', name);
      const started = sandboxes.length;
      const fork = (atStep: number | null, limits: object) =>
        registry.fork({ sessionId: session.id, atStep, title: '', limits }, never);
      await assert.rejects(fork(null, {}), (error: unknown) => {
        assert.ok(error instanceof RlmError);
        assert.equal(error.code, 'INVALID_INPUT');
        assert.ok(error.message.includes(config), error.message);
        return true;
      });
      assert.equal(sandboxes.length, started, 'nothing was replayed');
      assert.equal((await fork(1, {})).session.summary.usage.steps, 1);
      const { session: larger } = await fork(null, { [name]: used[name] * 2 });
      assert.equal((await larger.runStep({ code: 'c' }, never)).step, 3);
    }
  });

  it('skips what a later step of the record had lost anyway', async () => {
    const traces = new MemoryTraceStore();
    const script = async ({ code }: { readonly code: string }): Promise<Partial<Outcome>> => ({
      stateLost: code === 'lost',
    });
    const first = createFakeRegistry(traces, script);
    const session = await openFake(first.registry);
    for (const code of ['a', 'lost', 'b']) {
      await session.runStep({ code }, never);
    }
    const history = await readHistory(traces, session.id, null);
    assert.deepStrictEqual(
      [history.items.map((item) => item.kind), history.stepsSkipped, history.throughStep],
      [['context', 'step'], 2, 3],
    );
  });

  for (const backend of backendNames) {
    it(`tells which files are missing where variables were lost and files not: ${backend}`, async () => {
      const traces = new MemoryTraceStore();
      const script = async ({ code }: { readonly code: string }): Promise<Partial<Outcome>> => ({
        stateLost: code === 'lost',
      });
      const first = createFakeRegistry(traces, script);
      const session = await openFake(first.registry);
      for (const code of ['a', 'lost', 'b', 'lost']) {
        await session.runStep({ code }, never);
      }
      await first.registry.closeAll('the engine ended');
      const query = { fromStep: null, toStep: null, cursor: null, limit: 100 };
      const { events } = await traces.readEvents(session.id, query);
      const recorded = events.map((event) =>
        event.kind === 'session.opened' && event.sandbox
          ? { ...event, sandbox: { ...event.sandbox, backend } }
          : event,
      );
      traces.addForeignTrace(session.id, recorded);
      const second = createFakeRegistry(traces, echo, '', 'engine-2');
      const { report } = await second.registry.resume(session.id, never);
      const files = report?.differences.filter(({ field }) => field === 'files');
      assert.deepStrictEqual(
        [report?.stepsSkipped, files?.map(({ step, recorded: before }) => [step, before[0]])],
        [
          4,
          backend === 'wasm'
            ? []
            : [
                [2, '2'],
                [4, '2'],
              ],
        ],
      );
    });
  }

  it('tells of lines of the record that could not be read among its differences', async () => {
    const traces = new MemoryTraceStore();
    const { registry } = createFakeRegistry(traces, echo);
    const session = await openFake(registry);
    for (const code of ['a', 'b']) {
      await session.runStep({ code }, never);
    }
    const readEvents = traces.readEvents.bind(traces);
    traces.readEvents = async (...query) => ({
      ...(await readEvents(...query)),
      unreadable: [{ lines: 2, afterStep: 1, beforeStep: 2, index: 4 }],
    });
    const { report } = await registry.fork(
      { sessionId: session.id, atStep: null, title: '', limits: {} },
      never,
    );
    assert.equal(report?.differenceCount, 1);
    const [first] = report.differences;
    assert.deepStrictEqual([first?.step, first?.field, first?.replayed], [1, 'trace', 'left out']);
  });

  it('forks the state after a step into a session with a whole trace of its own', async () => {
    const traces = new MemoryTraceStore();
    const { registry, sandboxes, model } = createFakeRegistry(traces, echo);
    const session = await openFake(registry);
    for (const code of ['a', 'ask b', 'c']) {
      await session.runStep({ code }, never);
    }
    await session.finalize({ text: 'done' }, never);
    const { session: fork } = await registry.fork(
      { sessionId: session.id, atStep: 2, title: '', limits: { maxSteps: 9 } },
      never,
    );
    assert.deepStrictEqual(
      sandboxes[1]?.requests.map(({ code }) => code),
      ['a', 'ask b'],
    );
    assert.deepStrictEqual(
      [fork.status, fork.summary.usage.steps, fork.seed.limits.maxSteps, model.prompts.length],
      ['active', 2, 9, 1],
    );
    const { events } = await traces.readEvents(fork.id, {
      fromStep: null,
      toStep: null,
      cursor: null,
      limit: 100,
    });
    assert.deepStrictEqual(
      events.map(({ kind, step }) => [kind, step]),
      [
        ['session.opened', 0],
        ['context.loaded', 0],
        ['step.started', 1],
        ['step.finished', 1],
        ['step.started', 2],
        ['model.answered', 2],
        ['step.finished', 2],
        ['session.replayed', 2],
      ],
    );
    const again = await registry.fork(
      { sessionId: fork.id, atStep: null, title: '', limits: {} },
      never,
    );
    assert.equal(again.report?.differenceCount, 0);
  });

  it('refuses to fork at a step that was never answered, and leaves nothing behind', async () => {
    const traces = new MemoryTraceStore();
    const { registry } = createFakeRegistry(traces, echo);
    const session = await openFake(registry);
    await assert.rejects(
      registry.fork({ sessionId: session.id, atStep: 4, title: '', limits: {} }, never),
      (error) => error instanceof RlmError && error.code === 'INVALID_INPUT',
    );
    assert.equal(registry.live.length, 1);
  });

  it('rebuilds a live session whose sandbox died, once for all who ask', async () => {
    const traces = new MemoryTraceStore();
    const { registry, sandboxes } = createFakeRegistry(traces, echo);
    const session = await openFake(registry);
    await session.runStep({ code: 'a' }, never);
    sandboxes[0]?.die('its process ended');
    const [one, two] = await Promise.all([
      registry.resume(session.id, never),
      registry.resume(session.id, never),
    ]);
    assert.deepStrictEqual(
      [one.session === session, two.session === session, sandboxes.length],
      [true, true, 2],
    );
    assert.equal((await session.runStep({ code: 'b' }, never)).step, 2);
  });

  it('goes on rebuilding for one who waits when another has gone', async () => {
    const traces = new MemoryTraceStore();
    const { registry, sandboxes } = createFakeRegistry(traces, echo);
    const session = await openFake(registry);
    await session.runStep({ code: 'a' }, never);
    sandboxes[0]?.die('its process ended');
    const impatient = new AbortController();
    const left = registry.resume(session.id, impatient.signal);
    const stayed = registry.resume(session.id, never);
    impatient.abort();
    await assert.rejects(left, (error) => error instanceof RlmError && error.code === 'CANCELLED');
    assert.equal((await stayed).session, session);
    assert.equal((await session.runStep({ code: 'b' }, never)).step, 2);
  });
});
