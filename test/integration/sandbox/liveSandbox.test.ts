// A sandbox whose worker is lost, over real workers from a pool that fails on demand.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { RlmError } from '../../../src/core/errors';
import type { Outcome } from '../../../src/core/sandbox';
import type { WorkerKind } from '../../../src/protocol/sandboxProcess';
import { createThreadSource } from '../../../src/sandbox/threadWorker';
import { LiveSandbox } from '../../../src/sandbox/liveSandbox';
import type { WorkerHandle } from '../../../src/sandbox/workerHandle';
import { WorkerPool } from '../../../src/sandbox/workerPool';
import { sandboxFolder } from '../../support/repl';

type Fault = 'no worker starts' | 'the worker is dead' | 'the worker dies as it loads';

const contextText = new TextEncoder().encode('a text');
const textParams = {
  sandboxId: 1,
  contextKey: 1,
  variable: 'context',
  shape: 'string',
  sources: [{ path: 'text', byteLength: contextText.length }],
} as const;
const javascript: WorkerKind = { language: 'javascript', place: null };
const never = new AbortController().signal;

class FaultyPool extends WorkerPool {
  /** Come true one after another, then never again. */
  readonly faults: Fault[] = [];
  readonly taken: WorkerHandle[] = [];

  override async take(kind: WorkerKind): Promise<WorkerHandle> {
    const fault = this.faults.shift();
    if (fault === 'no worker starts') {
      throw new RlmError('SANDBOX_EXEC_ERROR', 'No worker starts.', { nextStep: 'Try again.' });
    }
    const worker = await super.take(kind);
    this.taken.push(worker);
    if (fault === 'the worker is dead') {
      worker.dispose();
    } else if (fault === 'the worker dies as it loads') {
      worker.send = () => worker.dispose();
    }
    return worker;
  }
}

describe('the reserve of workers', function () {
  this.timeout(60_000);

  it('is filled up only once the context that follows is in', async () => {
    const pool = new WorkerPool(createThreadSource(sandboxFolder));
    const options = {
      kind: javascript,
      maxMemoryBytes: 256 * 1024 * 1024,
      folder: sandboxFolder,
      onDidDie: () => undefined,
    };
    const sandbox = new LiveSandbox(await pool.take(javascript), pool, options);
    let asked = 0;
    const prewarm = pool.prewarm.bind(pool);
    pool.prewarm = (kind) => {
      asked += 1;
      prewarm(kind);
    };
    const loading = sandbox.load(textParams, contextText);
    assert.equal(asked, 0);
    await loading;
    assert.equal(asked, 1);
    sandbox.dispose();
    pool.dispose();
  });

  it('is filled up also when the sandbox ends before it has loaded anything', async () => {
    const pool = new WorkerPool(createThreadSource(sandboxFolder));
    const options = {
      kind: javascript,
      maxMemoryBytes: 256 * 1024 * 1024,
      folder: sandboxFolder,
      onDidDie: () => undefined,
    };
    const sandbox = new LiveSandbox(await pool.take(javascript), pool, options);
    const loading = sandbox.load(textParams, contextText);
    sandbox.dispose();
    await assert.rejects(loading, RlmError);
    while (pool.countWarm() === 0) {
      await delay(20); // mocha's time-out ends it
    }
    pool.dispose();
  });
});

describe('a sandbox that lost its worker', function () {
  this.timeout(60_000);
  let pool: FaultyPool;
  let sandbox: LiveSandbox;
  let step: number;

  beforeEach(async () => {
    pool = new FaultyPool(createThreadSource(sandboxFolder));
    const options = {
      kind: javascript,
      maxMemoryBytes: 256 * 1024 * 1024,
      folder: sandboxFolder,
      onDidDie: () => undefined,
    };
    sandbox = new LiveSandbox(await pool.take(javascript), pool, options);
    step = 0;
    await sandbox.load(textParams, contextText);
  });
  afterEach(() => {
    sandbox.dispose();
    pool.dispose();
  });

  let onCall: () => void = () => undefined;
  const run = (code: string, timeoutMs = 10_000): Promise<Outcome> => {
    step += 1;
    const params = { sandboxId: 1, step, code, timeoutMs, maxOutputChars: 1_000 };
    const answer = async () => {
      onCall();
      return null;
    };
    return sandbox.run(params, answer, never);
  };

  /** As a kill from outside, between two steps. */
  const loseWorker = (): void => pool.taken.at(-1)?.dispose();

  const faults: readonly Fault[] = [
    'no worker starts',
    'the worker is dead',
    'the worker dies as it loads',
  ];
  for (const fault of faults) {
    it(`says so and tries again at the next request when ${fault}`, async () => {
      pool.faults.push(fault);
      loseWorker();
      await assert.rejects(run('context'), { code: 'SANDBOX_EXEC_ERROR' });
      assert.equal((await run('context')).result, "'a text'");
    });
  }

  it('names the variables of the code that are lost, and not the contexts, which are kept', async () => {
    await run('var mine = 1, other = 2');
    onCall = loseWorker;
    const { error, stateLost } = await run('print("gone"); llm_query("x")');
    onCall = () => undefined;
    assert.equal(stateLost, true);
    assert.match(error?.message ?? '', /all variables with it: mine, other\. /u);
    assert.equal((await run('context')).result, "'a text'");
  });

  it('lets go of workers that came to nothing', async () => {
    pool.faults.push('the worker dies as it loads', 'no worker starts', 'the worker is dead');
    loseWorker();
    while (pool.faults.length > 0) {
      await assert.rejects(run('context'), { code: 'SANDBOX_EXEC_ERROR' });
    }
    await run('kept = 1');
    const [current, ...others] = pool.taken.toReversed();
    assert.deepStrictEqual(
      [current?.endedBy, others.every(({ endedBy }) => endedBy !== null)],
      [null, true],
    );
    assert.equal((await run('kept')).result, '1');
  });

  it('takes no worker any more once it is let go of', async () => {
    loseWorker();
    sandbox.dispose();
    await assert.rejects(run('context'), { code: 'SANDBOX_EXEC_ERROR' });
    assert.ok(pool.taken.every(({ endedBy }) => endedBy !== null));
  });
});
