// Work of one session that several calls ask for at once.

import assert from 'node:assert/strict';
import { CallerWork } from '../../../src/core/callerWork';
import { CallerWorks, type KeptStep, type KeptWork } from '../../../src/core/callerWorks';
import { RlmError } from '../../../src/core/errors';
import type { ModelClient, ModelRequest } from '../../../src/core/model';
import { FakeClock } from '../../support/fakeClock';

const line = ['session'] as const;
const isRefused = (error: unknown): boolean =>
  error instanceof RlmError && error.code === 'INVALID_INPUT';

const toRequest = (text: string): ModelRequest => ({
  messages: [{ role: 'user', text }],
  model: null,
  purpose: 'sub_call',
  client: null,
  maxAnswerTokens: 100,
});

/** A step that asks one prompt, or none, and then ends when told. */
class Step {
  readonly kept: KeptStep;
  end: () => void = () => undefined;

  constructor(prompt: string | null) {
    const run = async (client: ModelClient, signal: AbortSignal): Promise<never> => {
      if (prompt !== null) {
        await client.ask?.(toRequest(prompt), signal);
      } else {
        await new Promise<void>((resolve, reject) => {
          this.end = resolve;
          signal.addEventListener('abort', () => reject(new Error('cancelled')));
        });
      }
      return undefined as never; // nobody looks at what it came to
    };
    const work = new CallerWork(run, { clock: new FakeClock(), canSample: false });
    work.ended.catch(() => undefined);
    this.kept = { kind: 'step', work, session: {} as never };
  }
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the works of a session', () => {
  it('queue up as they come, each from the moment it was asked for', () => {
    const works = new CallerWorks();
    const steps = [new Step(null), new Step(null), new Step(null)];
    for (const step of steps) {
      assert.equal(
        works.startStep(line, () => step.kept),
        step.kept,
      );
    }
    assert.equal(works.find('session'), steps[0]?.kept);
    steps.forEach(({ end }) => end());
  });

  it('do not start behind one that waits for answers, which stay with that one', async () => {
    const works = new CallerWorks();
    const asking = new Step('What is it?');
    const first = works.startStep(line, () => asking.kept);
    assert.throws(() => works.startStep(line, () => assert.fail('it has started')), isRefused);
    assert.equal(works.find('session'), first);
    await works.cancelWaiting('session');
    assert.deepStrictEqual([first.work.isOver, works.find('session')], [true, undefined]);
  });

  it('are refused, when they are queued behind one that comes to wait', async () => {
    const works = new CallerWorks();
    let ask: () => void = () => undefined;
    const work = new CallerWork(
      async (client, signal) => {
        await new Promise<void>((resolve) => {
          ask = resolve;
        });
        await client.ask?.(toRequest('Now?'), signal);
        return undefined as never;
      },
      { clock: new FakeClock(), canSample: false },
    );
    const kept: KeptStep = { kind: 'step', work, session: {} as never };
    works.startStep(line, () => kept);
    const queued = new Step(null);
    works.startStep(line, () => queued.kept);
    await turns();
    ask();
    await assert.rejects(queued.kept.work.ended, isRefused);
    assert.equal(works.find('session'), kept);
    work.cancel();
    await work.ended.catch(() => undefined);
  });

  it('are not started while a run goes on, and leave it to be found', async () => {
    const works = new CallerWorks();
    const running = new Step(null);
    const run = { kind: 'run', work: running.kept.work, run: {} } as unknown as KeptWork;
    works.add('session', run);
    assert.throws(() => works.startStep(line, () => assert.fail('it has started')), isRefused);
    running.end();
    await running.kept.work.ended;
    const step = new Step(null);
    works.startStep(line, () => step.kept);
    assert.ok(works.findRun('session'));
    assert.equal(works.find('session'), step.kept);
    step.end();
  });
});
