import assert from 'node:assert/strict';
import { neverAborted, onAbort } from '../../../src/base/abort';
import { CallerRun } from '../../../src/core/callerRun';
import { CallerWorks } from '../../../src/core/callerWorks';
import { RlmError } from '../../../src/core/errors';
import { HeldTime } from '../../../src/core/heldTime';
import { createLimits, noUsage } from '../../../src/core/limits';
import type { LoopProgress, LoopRequest, LoopResult, LoopRunner } from '../../../src/core/loop';
import type { AskClient, ModelClient } from '../../../src/core/model';
import { FakeClock } from '../../support/fakeClock';
import { createRequest, toAnswer } from '../../support/fakeProvider';
import { toRequest } from '../../support/loopEngine';

const result: LoopResult = {
  sessionId: 'session-1',
  answer: 'it',
  iterations: 1,
  finishReason: 'submitted',
  usage: noUsage,
  limits: createLimits(),
};
const ended = { kind: 'ended', result } as const;
const call = { sample: null, waitMs: 5_000, onAbort: 'leave', showWhole: false } as const;

/** Opens `session-1` and ends when told, or when it is cancelled. */
class FakeLoops implements LoopRunner {
  request: LoopRequest | undefined;
  end: (ended: LoopResult) => void = () => undefined;
  fail: (reason: Error) => void = () => undefined;

  async run(request: LoopRequest, signal: AbortSignal): Promise<LoopResult> {
    await Promise.resolve();
    this.request = request;
    request.onProgress?.({ kind: 'opened', sessionId: 'session-1' });
    return new Promise((resolve, reject) => {
      this.end = resolve;
      this.fail = reject;
      onAbort(signal, () => reject(new Error('cancelled')));
    });
  }
}

function create(options: { readonly waitMs?: number | null; readonly loops?: LoopRunner } = {}) {
  const loops = new FakeLoops();
  const clock = new FakeClock();
  const { waitMs = 5_000 } = options;
  const parts = { loops: options.loops ?? loops, clock, canSample: true, waitMs };
  return { loops, clock, run: new CallerRun(toRequest(), parts) };
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
    const early = run.work.next(call, neverAborted);
    loops.request?.onProgress?.({ kind: 'thinking', iteration: 3, maxIterations: 5 });
    clock.advance(5_000);
    assert.deepStrictEqual([await early, run.iterations], [{ kind: 'running' }, 3]);
    const late = run.work.next(call, neverAborted);
    loops.end(result);
    assert.deepStrictEqual(
      [await late, await run.work.next(call, neverAborted), clock.timerCount],
      [ended, ended, 0],
    );
  });

  it('goes on when a caller that can wait only so long stops waiting', async () => {
    const { loops, clock, run } = create();
    await run.untilOpened(neverAborted);
    const controller = new AbortController();
    const waiting = run.work.next({ ...call, onAbort: run.onAbort }, controller.signal);
    controller.abort();
    await assert.rejects(waiting, isError('CANCELLED'));
    loops.end(result);
    assert.deepStrictEqual(await run.work.next(call, neverAborted), ended);
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
      const next = { ...call, waitMs: null, onAbort: run.onAbort };
      const waiting = isOpen ? run.work.next(next, controller.signal) : opening;
      controller.abort();
      await assert.rejects(waiting);
      await assert.rejects(run.work.ended, /cancelled/u);
    }
  });

  it('gives its failure to whoever waits', async () => {
    const { loops, run } = create();
    await run.untilOpened(neverAborted);
    const failure = new Error('the model is gone');
    loops.fail(failure);
    await assert.rejects(run.work.next(call, neverAborted), failure);
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
    const waiting = run.work.next({ ...call, sample }, neverAborted);
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

describe('the works of an engine', () => {
  it('cancel what is under way when they are disposed, and what comes late', async () => {
    const works = new CallerWorks();
    const [early, late] = [create().run, create().run];
    works.add('session-1', { kind: 'run', run: early, work: early.work });
    works.dispose();
    works.add('session-2', { kind: 'run', run: late, work: late.work });
    for (const { work } of [early, late]) {
      await assert.rejects(work.ended, /cancelled/u);
    }
  });

  it('keep the results of the last hundred runs, and every run that goes on', async () => {
    const works = new CallerWorks();
    const going = create().run;
    works.add('going', { kind: 'run', run: going, work: going.work });
    for (let number = 0; number < 102; number += 1) {
      const { run, loops } = create();
      await run.untilOpened(neverAborted);
      loops.end(result);
      await run.work.ended;
      works.add(`run-${number}`, { kind: 'run', run, work: run.work });
    }
    const kept = ['going', 'run-0', 'run-1', 'run-2', 'run-101'].map((id) =>
      Boolean(works.find(id)),
    );
    assert.deepStrictEqual(kept, [true, false, false, true, true]);
    works.dispose();
    await assert.rejects(going.work.ended, /cancelled/u);
  });
});

function askOf({ sample }: ModelClient): AskClient {
  return sample ?? assert.fail('no sampling');
}

function isError(code: RlmError['code']) {
  return (thrown: unknown): boolean => thrown instanceof RlmError && thrown.code === code;
}
