import assert from 'node:assert/strict';
import { neverAborted, onAbort } from '../../../../src/base/abort';
import { RlmError } from '../../../../src/core/errors';
import { HeldTime } from '../../../../src/core/heldTime';
import { createLimits, noUsage } from '../../../../src/core/limits';
import type { LoopProgress, LoopRequest, LoopResult, LoopRunner } from '../../../../src/core/loop';
import type { AskClient, ModelClient } from '../../../../src/core/model';
import { Task } from '../../../../src/core/task/task';
import { Tasks } from '../../../../src/core/task/tasks';
import { FakeClock } from '../../../support/fakeClock';
import { createRequest, toAnswer } from '../../../support/fakeProvider';
import { toRequest } from '../../../support/loopEngine';

const result: LoopResult = {
  sessionId: 'session-1',
  answer: 'it',
  iterations: 1,
  warnings: [],
  finishReason: 'submitted',
  usage: noUsage,
  limits: createLimits(),
};
const completed = { status: 'completed', result } as const;
const call = { sample: null, waitMs: 5_000, ownsTask: false, showWhole: false } as const;

/** Opens a session and ends when told, or when it is cancelled. */
class FakeLoops implements LoopRunner {
  readonly #sessionId: string;
  request: LoopRequest | undefined;
  end: (ended: LoopResult) => void = () => undefined;
  fail: (reason: Error) => void = () => undefined;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
  }

  async run(request: LoopRequest, signal: AbortSignal): Promise<LoopResult> {
    await Promise.resolve();
    this.request = request;
    request.onProgress?.({ kind: 'opened', sessionId: this.#sessionId });
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
      onAbort(signal, () => reject(new Error('cancelled')));
    });
  }
}

interface Options {
  readonly waitMs?: number | null;
  readonly loops?: LoopRunner;
  readonly sessionId?: string;
}

function create(options: Options = {}) {
  const loops = new FakeLoops(options.sessionId ?? 'session-1');
  const clock = new FakeClock();
  const { waitMs = 5_000 } = options;
  const run = new Task({
    kind: 'run',
    sessionId: null,
    clock,
    canSample: true,
    waitMs,
    start: (context, signal) =>
      (options.loops ?? loops).run({ ...toRequest(), ...context }, signal),
  });
  return { loops, clock, run };
}

describe('a run for a caller', () => {
  it('gives its session as soon as it is open', async () => {
    const { run } = create();
    assert.equal(await run.untilOpened(neverAborted), 'session-1');
  });

  it('passes on why a session could not be opened', async () => {
    const failure = new Error('no sandbox');
    const { run } = create({ loops: { run: () => Promise.reject(failure) } });
    await assert.rejects(run.untilOpened(neverAborted), failure);
  });

  it('tells that it goes on after the time, and its result later, again and again', async () => {
    const { loops, clock, run } = create();
    await run.untilOpened(neverAborted);
    const early = run.follow(call, neverAborted);
    loops.request?.onProgress?.({ kind: 'thinking', iteration: 3, maxIterations: 5 });
    clock.advance(5_000);
    assert.deepStrictEqual([await early, run.iterations], [{ status: 'working' }, 3]);
    const late = run.follow(call, neverAborted);
    loops.end(result);
    assert.deepStrictEqual(
      [await late, await run.follow(call, neverAborted), clock.timerCount],
      [completed, completed, 0],
    );
  });

  it('goes on when a caller that can wait only so long stops waiting', async () => {
    const { loops, clock, run } = create();
    await run.untilOpened(neverAborted);
    const controller = new AbortController();
    const waiting = run.follow(call, controller.signal);
    controller.abort();
    await assert.rejects(waiting, isError('CANCELLED'));
    loops.end(result);
    assert.deepStrictEqual(await run.follow(call, neverAborted), completed);
    assert.equal(clock.timerCount, 0);
  });

  it('is cancelled with the call that waits for its end, even before it has opened', async () => {
    for (const isOpen of [true, false]) {
      const { run } = create({ waitMs: null });
      const controller = new AbortController();
      const opening = run.untilOpened(isOpen ? neverAborted : controller.signal);
      if (isOpen) {
        await opening;
      }
      const next = { ...call, waitMs: null, ownsTask: true };
      const waiting = isOpen ? run.follow(next, controller.signal) : opening;
      controller.abort();
      await assert.rejects(waiting);
      await assert.rejects(run.ended, /cancelled/u);
    }
  });

  it('gives its failure to whoever waits', async () => {
    const { loops, run } = create();
    await run.untilOpened(neverAborted);
    const failure = new Error('the model is gone');
    loops.fail(failure);
    await assert.rejects(run.follow(call, neverAborted), failure);
  });

  it('tells its progress', async () => {
    const { loops, run } = create();
    const seen: LoopProgress[] = [];
    run.onDidProgress((progress) => void seen.push(progress));
    await run.untilOpened(neverAborted);
    const progress = { kind: 'ran', iteration: 1, step: 1 } as const;
    loops.request?.onProgress?.(progress);
    assert.deepStrictEqual(seen, [{ kind: 'opened', sessionId: 'session-1' }, progress]);
  });

  it('asks the client’s model through the call that is open, and holds the clock until one is', async () => {
    const { loops, run, clock } = create();
    await run.untilOpened(neverAborted);
    const holds: string[] = [];
    const held = new HeldTime(clock, () => {
      holds.push('held');
      return { dispose: () => void holds.push('let go') };
    });
    const client = held.wrap(loops.request?.client ?? assert.fail('no client'));
    const asked = askOf(client)(createRequest(), neverAborted);
    clock.advance(60_000);
    const sample: AskClient = async () => toAnswer('sampling/its own');
    const waiting = run.follow({ ...call, sample }, neverAborted);
    assert.equal((await asked).model, 'sampling/its own');
    assert.equal((await askOf(client)(createRequest(), neverAborted)).text, 'Two.');
    assert.deepStrictEqual([holds, held.totalMs], [['held', 'let go'], 60_000]);
    loops.end(result);
    await waiting;
  });

  it('lets go of a prompt that waits for a call when it is cancelled', async () => {
    const { loops, run } = create();
    await run.untilOpened(neverAborted);
    const controller = new AbortController();
    const client = loops.request?.client ?? assert.fail('no client');
    const asked = askOf(client)(createRequest(), controller.signal);
    controller.abort();
    await assert.rejects(asked, isError('CANCELLED'));
  });
});

describe('the tasks of an engine', () => {
  it('cancel what is under way when they are disposed, and what comes late', async () => {
    const tasks = new Tasks();
    const [early, late] = [create().run, create().run];
    tasks.add(early);
    tasks.dispose();
    tasks.add(late);
    for (const { ended } of [early, late]) {
      await assert.rejects(ended, /cancelled/u);
    }
  });

  it('keep the results of the last hundred runs, and every run that goes on', async () => {
    const tasks = new Tasks();
    const going = create({ sessionId: 'going' }).run;
    tasks.add(going);
    await going.untilOpened(neverAborted);
    for (let number = 0; number < 102; number += 1) {
      const { run, loops } = create({ sessionId: `run-${number}` });
      await run.untilOpened(neverAborted);
      loops.end(result);
      await run.ended;
      tasks.add(run);
    }
    const kept = ['going', 'run-0', 'run-1', 'run-2', 'run-101'].map((id) =>
      Boolean(tasks.find(id)),
    );
    assert.deepStrictEqual(kept, [true, false, false, true, true]);
    tasks.dispose();
    await assert.rejects(going.ended, /cancelled/u);
  });
});

function askOf({ sample }: ModelClient): AskClient {
  return sample ?? assert.fail('no sampling');
}

function isError(code: RlmError['code']) {
  return (thrown: unknown): boolean => thrown instanceof RlmError && thrown.code === code;
}
