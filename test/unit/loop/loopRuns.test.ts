import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { RlmError } from '../../../src/core/errors';
import { createLimits, noUsage } from '../../../src/core/limits';
import type { LoopProgress, LoopRequest, LoopResult } from '../../../src/core/loop';
import { LoopRuns } from '../../../src/loop/loopRuns';
import { FakeClock } from '../../support/fakePorts';
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

/** Opens `session-1` and ends when told. */
class FakeRun {
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
      signal.addEventListener('abort', () => reject(new Error('cancelled')));
    });
  }
}

describe('LoopRuns', () => {
  const create = () => {
    const fake = new FakeRun();
    const clock = new FakeClock();
    return { fake, clock, runs: new LoopRuns((...args) => fake.run(...args), clock) };
  };

  it('gives the session as soon as it is open', async () => {
    const { runs } = create();
    assert.equal(await runs.start(toRequest()), 'session-1');
  });

  it('passes on why a session could not be opened', async () => {
    const failure = new Error('no sandbox');
    const runs = new LoopRuns(() => Promise.reject(failure), new FakeClock());
    await assert.rejects(runs.start(toRequest()), failure);
  });

  it('tells that the run goes on after the time, and its result later, again and again', async () => {
    const { fake, clock, runs } = create();
    await runs.start(toRequest());
    const early = runs.wait('session-1', { waitMs: 5_000 }, neverAborted);
    fake.request?.onProgress?.({ kind: 'thinking', iteration: 3, maxIterations: 5 });
    clock.advance(5_000);
    assert.deepStrictEqual(await early, { kind: 'running', iterations: 3 });
    const late = runs.wait('session-1', { waitMs: 5_000 }, neverAborted);
    fake.end(result);
    assert.deepStrictEqual(
      [await late, await runs.wait('session-1', { waitMs: 1 }, neverAborted), clock.timerCount],
      [ended, ended, 0],
    );
  });

  it('goes on with a run whose caller stops waiting', async () => {
    const { fake, clock, runs } = create();
    await runs.start(toRequest());
    const controller = new AbortController();
    const waiting = runs.wait('session-1', { waitMs: 5_000 }, controller.signal);
    controller.abort();
    await assert.rejects(waiting, isError('CANCELLED'));
    fake.end(result);
    assert.deepStrictEqual(await runs.wait('session-1', { waitMs: 1 }, neverAborted), ended);
    assert.equal(clock.timerCount, 0);
  });

  it('gives the failure of a run to whoever waits', async () => {
    const { fake, runs } = create();
    await runs.start(toRequest());
    const failure = new Error('the model is gone');
    fake.fail(failure);
    await assert.rejects(runs.wait('session-1', { waitMs: 1 }, neverAborted), failure);
  });

  it('tells its progress to those who wait', async () => {
    const { fake, runs } = create();
    await runs.start(toRequest());
    const seen: LoopProgress[] = [];
    const onProgress = (progress: LoopProgress) => void seen.push(progress);
    const waiting = runs.wait('session-1', { waitMs: 5_000, onProgress }, neverAborted);
    const progress = { kind: 'ran', iteration: 1, step: 1 } as const;
    fake.request?.onProgress?.(progress);
    fake.end(result);
    await waiting;
    assert.deepStrictEqual(seen, [progress]);
  });

  it('knows no run that it has not started', async () => {
    const { runs } = create();
    await assert.rejects(
      runs.wait('session-9', { waitMs: 1 }, neverAborted),
      isError('SESSION_NOT_FOUND'),
    );
  });

  it('cancels its runs when it is disposed, and those that come late', async () => {
    const { runs } = create();
    await runs.start(toRequest());
    runs.dispose();
    await assert.rejects(runs.wait('session-1', { waitMs: 1 }, neverAborted), /cancelled/u);
    let isAborted = false;
    const late = new LoopRuns(async (_, signal) => {
      await Promise.resolve();
      isAborted = signal.aborted;
      throw new Error('late');
    }, new FakeClock());
    late.dispose();
    await assert.rejects(late.start(toRequest()), /late/u);
    assert.equal(isAborted, true);
  });
});

function isError(code: RlmError['code']) {
  return (thrown: unknown): boolean => thrown instanceof RlmError && thrown.code === code;
}
