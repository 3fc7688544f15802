// Tasks of one session that several calls ask for at once.

import assert from 'node:assert/strict';
import { onAbort } from '../../../../src/base/abort';
import { RlmError } from '../../../../src/core/errors';
import type { ModelClient, ModelRequest } from '../../../../src/core/model';
import { Task, type TaskKind } from '../../../../src/core/task/task';
import { Tasks } from '../../../../src/core/task/tasks';
import { FakeClock } from '../../../support/fakeClock';

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

type Work = (client: ModelClient, signal: AbortSignal, onStart: () => void) => Promise<unknown>;

function createTask<Kind extends TaskKind>(
  kind: Kind,
  work: Work,
  sessionId = 'session',
): Task<Kind> {
  const task = new Task<Kind>({
    kind,
    sessionId,
    clock: new FakeClock(),
    canSample: false,
    waitMs: null,
    start: async ({ client, onStart }, signal) => (await work(client, signal, onStart)) as never, // nobody looks at it
  });
  task.ended.catch(() => undefined);
  return task;
}

/** Ends when told. */
function createIdle<Kind extends TaskKind>(kind: Kind) {
  let end: () => void = () => undefined;
  const task = createTask(
    kind,
    (_client, signal) =>
      new Promise<void>((resolve, reject) => {
        end = resolve;
        onAbort(signal, () => reject(new Error('cancelled')));
      }),
  );
  return { task, end: () => end() };
}

function createAsking(prompt: string): Task<'step'> {
  return createTask('step', (client, signal) => client.ask!(toRequest(prompt), signal));
}

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the tasks of a session', () => {
  it('queue up as they come, each from the moment it was asked for', () => {
    const tasks = new Tasks();
    const steps = [createIdle('step'), createIdle('step'), createIdle('step')];
    for (const { task } of steps) {
      assert.equal(
        tasks.startStep(line, () => task),
        task,
      );
    }
    assert.equal(tasks.find('session'), steps[0]?.task);
    steps.forEach(({ end }) => end());
  });

  it('do not start behind one that needs input, which is the one that gets it', async () => {
    const tasks = new Tasks();
    const asking = createAsking('What is it?');
    const first = tasks.startStep(line, () => asking);
    assert.equal(first.status, 'input_required');
    assert.throws(() => tasks.startStep(line, () => assert.fail('it has started')), isRefused);
    assert.equal(tasks.find('session'), first);
    await tasks.cancelAll('session');
    assert.deepStrictEqual([first.status, tasks.find('session')], ['cancelled', undefined]);
  });

  it('are refused, when they are queued behind one that comes to need input', async () => {
    const tasks = new Tasks();
    let ask: () => void = () => undefined;
    const first = createTask('step', async (client, signal) => {
      await new Promise<void>((resolve) => {
        ask = resolve;
      });
      return client.ask!(toRequest('Now?'), signal);
    });
    tasks.startStep(line, () => first);
    const queued = createIdle('step').task;
    tasks.startStep(line, () => queued);
    await macrotask();
    ask();
    await assert.rejects(queued.ended, isRefused);
    assert.deepStrictEqual([queued.status, tasks.find('session')], ['failed', first]);
    first.cancel();
    await first.ended.catch(() => undefined);
  });

  for (const hasStarted of [false, true]) {
    it(`of a child are ${hasStarted ? 'left alone once their turn has come' : 'refused while they wait'} when the parent’s comes to need input`, async () => {
      const tasks = new Tasks();
      let ask: () => void = () => undefined;
      const parent = createTask('step', async (client, signal) => {
        await new Promise<void>((resolve) => {
          ask = resolve;
        });
        return client.ask!(toRequest('From the child’s own step?'), signal);
      });
      tasks.startStep(line, () => parent);
      let end: () => void = () => undefined;
      const step = createTask(
        'step',
        async (_client, _signal, onStart) => {
          if (hasStarted) {
            onStart();
          }
          await new Promise<void>((resolve) => {
            end = resolve;
          });
        },
        'child',
      );
      tasks.startStep(['child', 'session'], () => step);
      await macrotask();
      ask();
      await macrotask();
      end();
      await (hasStarted ? step.ended : assert.rejects(step.ended, isRefused));
      assert.equal(step.status, hasStarted ? 'completed' : 'failed');
      parent.cancel();
      await parent.ended.catch(() => undefined);
    });
  }

  it('are not started while a run works, and leave it to be found', async () => {
    const tasks = new Tasks();
    const run = createIdle('run');
    tasks.add(run.task);
    assert.throws(() => tasks.startStep(line, () => assert.fail('it has started')), isRefused);
    run.end();
    await run.task.ended;
    const step = createIdle('step');
    tasks.startStep(line, () => step.task);
    assert.equal(tasks.findRun('session'), run.task);
    assert.equal(tasks.find('session'), step.task);
    step.end();
  });
});
