// One session under calls that come, settle and are cancelled in any order: what its trace holds then.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { onAbort } from '../../../src/base/abort';
import type { TraceEvent } from '../../../src/core/event';
import { toErrorText } from '../../../src/core/modelCalls';
import type { Outcome, StepRequest } from '../../../src/core/sandbox';
import type { Session } from '../../../src/core/session';
import type { FakeSandbox } from '../../support/fakePorts';
import { createFakeRegistry, openFake } from '../../support/fakeRegistry';
import { MemoryTraceStore } from '../../support/memoryTraceStore';

const maxLlmCalls = 3;
const isAnswered = (event: TraceEvent) => event.kind === 'model.answered';

/** What the code of a step does, one after another. */
type Deed =
  | {
      readonly kind: 'ask';
      /** No child session can answer here: each call is on record with that error. */
      readonly call: 'llm_query_batched' | 'rlm_query_batched';
      readonly prompts: readonly string[];
      readonly timesOut: boolean;
    }
  | { readonly kind: 'loop' };

type Deeds = readonly Deed[];

type Act =
  | { readonly kind: 'step'; readonly deeds: Deeds; readonly isCancelled: boolean }
  | { readonly kind: 'stop' }
  | { readonly kind: 'finalize' };

const prompts = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask'),
      call: fc.constantFrom('llm_query_batched', 'rlm_query_batched'),
      prompts,
      timesOut: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'loop' } as const) },
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('step'),
      deeds: fc.array(deed, { maxLength: 3 }),
      isCancelled: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'stop' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'finalize' } as const) },
);

type Settle = (label: string) => Promise<unknown>;

/**
 * A sandbox whose code is a list of deeds; it is interrupted in one, never between two. Without `settle` nothing
 * takes time, and only loops time out. `endsCalls`: what the code waits for has ended before the step does.
 */
function createScript(settle: Settle | null, endsCalls: boolean): FakeSandbox['script'] {
  return async ({ code, onHostCall }, signal) => {
    const calls = new AbortController();
    let stdout = '';
    let interruption: Outcome['interruption'] = null;
    for (const one of JSON.parse(code) as Deeds) {
      const cuts: Promise<Cut>[] = [untilCancelled(signal)];
      if (one.kind === 'loop' || (one.timesOut && settle)) {
        cuts.push(untilTimeOut(settle));
      }
      const said = one.kind === 'loop' ? [] : [ask(one, onHostCall, calls.signal)];
      const first = await Promise.race([...said, ...cuts]);
      if (typeof first !== 'string') {
        interruption = first.cut;
        if (endsCalls) {
          calls.abort();
          await Promise.allSettled(said);
        }
        break;
      }
      stdout += `${first}\n`;
    }
    calls.abort();
    const error = { type: interruption ?? '', message: 'cut', line: null, traceback: '' };
    return { stdout, interruption, error: interruption ? error : null };
  };
}

interface Cut {
  readonly cut: 'cancelled' | 'timeout';
}

function untilCancelled(signal: AbortSignal): Promise<Cut> {
  return new Promise((resolve) => {
    onAbort(signal, () => resolve({ cut: 'cancelled' }));
  });
}

async function untilTimeOut(settle: Settle | null): Promise<Cut> {
  await settle?.('time-out');
  return { cut: 'timeout' };
}

async function ask(
  { call, prompts: given }: Extract<Deed, { readonly kind: 'ask' }>,
  onHostCall: StepRequest['onHostCall'],
  signal: AbortSignal,
): Promise<string> {
  try {
    const contexts = call === 'rlm_query_batched' ? [given] : [];
    return JSON.stringify(await onHostCall({ name: call, args: [given, ...contexts] }, signal));
  } catch (thrown) {
    return toErrorText(thrown); // as code sees it
  }
}

/** A store whose writes take as long as the scheduler likes. */
class SlowStore extends MemoryTraceStore {
  readonly #settle: Settle;

  constructor(settle: Settle) {
    super();
    this.#settle = settle;
  }

  override async createTrace(...given: Parameters<MemoryTraceStore['createTrace']>) {
    const sink = await super.createTrace(...given);
    return {
      ...sink,
      append: async (event: TraceEvent) => {
        await this.#settle(event.kind);
        await sink.append(event);
      },
    };
  }
}

/** The events of a session after all its calls have settled. */
async function play(scheduler: fc.Scheduler, acts: readonly Act[], endsCalls: boolean) {
  let isOpen = false; // opening a session is not what is played
  const settle: Settle = (label) =>
    isOpen ? scheduler.schedule(Promise.resolve(), label) : Promise.resolve();
  const traces = new SlowStore(settle);
  const { registry, model, sandboxes } = createFakeRegistry(
    traces,
    createScript(settle, endsCalls),
  );
  model.reply = async ({ messages }) => {
    await settle('model');
    return `re: ${messages.at(-1)?.text}`;
  };
  const session = await openFake(registry, { maxLlmCalls });
  isOpen = true;
  let startedAtStop: number | null = null;
  const stop = async (): Promise<void> => {
    await settle('stop');
    const stopped = session.stop();
    startedAtStop ??= sandboxes[0]?.requests.length ?? 0;
    await stopped;
  };
  const running = Promise.allSettled(acts.map((one) => perform(one, { session, settle, stop })));
  await scheduler.waitFor(running);
  isOpen = false;
  await registry.closeAll('the test ended');
  const { events } = await traces.readEvents(session.id, {
    fromStep: null,
    toStep: null,
    cursor: null,
    limit: 10_000,
  });
  return { session, traces, events, requests: sandboxes[0]?.requests ?? [], startedAtStop };
}

async function perform(
  one: Act,
  given: { readonly session: Session; readonly settle: Settle; readonly stop: () => Promise<void> },
): Promise<void> {
  const { session, settle, stop } = given;
  const controller = new AbortController();
  switch (one.kind) {
    case 'step': {
      const ran = session.runStep({ code: JSON.stringify(one.deeds) }, controller.signal);
      if (one.isCancelled) {
        void settle('cancel').then(() => controller.abort());
      }
      await ran;
      return;
    }
    case 'stop':
      return stop();
    case 'finalize':
      await settle('finalize');
      await session.finalize({ text: 'the answer' }, controller.signal);
  }
}

/** Every step's events from its start to its end. */
function splitSteps(events: readonly TraceEvent[]): readonly (readonly TraceEvent[])[] {
  const steps: TraceEvent[][] = [];
  let open: TraceEvent[] | null = null;
  for (const event of events) {
    if (event.kind === 'step.started') {
      assert.equal(open, null, 'a step has started before the end of another');
      open = [];
      steps.push(open);
    }
    assert.ok(open || !isAnswered(event), 'a call is recorded outside of its step');
    open?.push(event);
    if (event.kind === 'step.finished') {
      assert.ok(open, 'a step has ended twice');
      open = null;
    }
  }
  assert.equal(open, null, 'a step has no end');
  return steps;
}

describe('a session, whatever the order in which things settle', () => {
  const property = (check: (played: Awaited<ReturnType<typeof play>>) => void | Promise<void>) =>
    fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(act, { maxLength: 5 }),
        fc.boolean(),
        async (scheduler, acts, endsCalls) => check(await play(scheduler, acts, endsCalls)),
      ),
      { numRuns: 500 },
    );

  it('records every step with its calls in between, each once, under its number', () =>
    property(({ events, requests }) => {
      const steps = splitSteps(events);
      assert.deepStrictEqual(
        steps.map((step) => step[0]?.step),
        requests.map(({ step }) => step),
      );
      for (const [index, step] of steps.entries()) {
        assert.deepStrictEqual(new Set(step.map((event) => event.step)), new Set([index + 1]));
        const numbers = step.flatMap((event) => (isAnswered(event) ? [event.call] : []));
        assert.equal(new Set(numbers).size, numbers.length);
      }
    }));

  it('runs nothing once it is stopped, and is stopped and finalized once', () =>
    property(({ events, requests, startedAtStop }) => {
      assert.equal(requests.length, startedAtStop === null ? requests.length : startedAtStop);
      const count = (kind: TraceEvent['kind']) => events.filter((one) => one.kind === kind).length;
      assert.ok(count('session.stopped') <= 1 && count('session.finalized') <= 1);
      const ended = events.findIndex(({ status }) => status !== 'active');
      assert.ok(ended < 0 || events.slice(ended).every(({ kind }) => kind !== 'step.started'));
    }));

  it('counts what was used, never less than before and never beyond its limits', () =>
    property(({ events }) => {
      for (const [index, { usage }] of events.entries()) {
        const before = events[index - 1]?.usage ?? usage;
        assert.ok(usage.llmCalls >= before.llmCalls && usage.steps >= before.steps);
        assert.ok(usage.budgetUsed >= before.budgetUsed && usage.llmCalls <= maxLlmCalls);
      }
      const answers = events.filter((event) => isAnswered(event) && event.answer !== null);
      assert.ok((events.at(-1)?.usage.llmCalls ?? 0) >= answers.length);
    }));

  it('is the same when its record is run again', () =>
    property(async ({ session, traces, events }) => {
      if (events.some(({ kind }) => kind === 'session.finalized')) {
        return;
      }
      const { registry, model } = createFakeRegistry(traces, createScript(null, false));
      const never = new AbortController().signal;
      const { report } = await registry.resume(session.id, never);
      assert.deepStrictEqual([report?.differences, model.prompts], [[], []]);
      await registry.closeAll('the test ended');
    }));
});
