// Which worker a sandbox goes on with when one has ended, over fake workers.

import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/emitter';
import type { Outcome } from '../../../src/core/sandbox';
import type { FromWorker, ToWorker } from '../../../src/protocol/worker';
import { LiveSandbox } from '../../../src/sandbox/liveSandbox';
import type { WorkerHandle } from '../../../src/sandbox/workerHandle';
import { WorkerPool } from '../../../src/sandbox/workerPool';
import { emptyWorkerOutcome } from '../../support/emptyOutcome';

const never = new AbortController().signal;
const text = new TextEncoder().encode('a text');
const textParams = {
  sandboxId: 1,
  contextKey: 1,
  variable: 'context',
  shape: 'string',
  sources: [{ path: 'text', byteLength: text.length }],
} as const;
/** Loads, and answers each step with its own name and what it has loaded. */
class FakeWorker implements WorkerHandle {
  readonly language = 'python';
  readonly detail = 'fake';
  readonly walls = [];
  readonly image = null;
  readonly imageDigest = null;
  readonly #received = new Emitter<FromWorker>();
  readonly #ended = new Emitter<string>();
  readonly onMessage = this.#received.event;
  readonly onDidEnd = this.#ended.event;
  endedBy: string | null = null;
  isLetGoOf = false;
  /** It ends right after the answer to such a question. */
  endsAfter: ToWorker['kind'] | null = null;
  /** What takes its place where it ran. */
  successor: WorkerHandle | null | Error = null;
  #loads = 0;

  constructor(readonly name: string) {}

  send(message: ToWorker): void {
    queueMicrotask(() => {
      if (message.kind === 'load') {
        this.#loads += 1;
        const sizes = { totalChars: 6, totalLines: 1, sourceChars: [6], preview: 'a text' };
        this.#received.fire({ kind: 'loaded', id: message.id, sizes });
      } else if (message.kind === 'run') {
        const result = `${this.name} with ${this.#loads}`;
        this.#received.fire({
          kind: 'ran',
          id: message.id,
          outcome: { ...emptyWorkerOutcome, result },
        });
      } else if (message.kind === 'files') {
        const answer = { kind: 'list' as const, path: '/work', total: 0, entries: [] };
        this.#received.fire({ kind: 'filed', id: message.id, answer });
      } else if (message.kind === 'read') {
        this.#received.fire({ kind: 'value', id: message.id, value: null });
      }
      if (message.kind === this.endsAfter) {
        this.end();
      }
    });
  }

  takeNetwork(): null {
    return null;
  }

  requestInterrupt(): void {
    // it never runs for long
  }

  clearInterrupt(): void {
    // see above
  }

  end(): void {
    if (this.endedBy === null) {
      this.endedBy = 'it was ended';
      this.#ended.fire(this.endedBy);
    }
  }

  replace(): Promise<WorkerHandle | null> {
    const { successor } = this;
    return successor instanceof Error ? Promise.reject(successor) : Promise.resolve(successor);
  }

  dispose(): void {
    this.isLetGoOf = true;
    this.end();
    this.#received.dispose();
    this.#ended.dispose();
  }
}

describe('a sandbox whose worker has ended', () => {
  const open = async (first: FakeWorker) => {
    const started: FakeWorker[] = [];
    const died: string[] = [];
    const pool = new WorkerPool({
      start: () => {
        const worker = new FakeWorker(`from the reserve`);
        started.push(worker);
        return Promise.resolve(worker);
      },
    });
    const kind = { language: 'python', place: null } as const;
    const sandbox = new LiveSandbox(first, pool, {
      kind,
      maxMemoryBytes: 1,
      folder: '/nowhere',
      onDidDie: (reason) => died.push(reason),
    });
    await sandbox.load(textParams, text);
    const runStep = (): Promise<Outcome> => {
      const params = { sandboxId: 1, step: 1, code: '', timeoutMs: 1_000, maxOutputChars: 100 };
      return sandbox.run(params, async () => null, never);
    };
    const run = async (): Promise<string | null> => (await runStep()).result;
    const ask = {
      run,
      read: () =>
        sandbox.read({ sandboxId: 1, name: 'v', offset: 0, maxChars: 9, timeoutMs: 1_000 }, never),
      files: () => {
        const operation = { kind: 'list', path: '', maxEntries: 1 } as const;
        return sandbox.runFileOperation({ operation, timeoutMs: 1_000 }, never);
      },
    };
    const close = (): boolean => {
      sandbox.dispose();
      pool.dispose();
      return started.every((worker) => worker.isLetGoOf);
    };
    return { ask, run, runStep, died, close };
  };

  it('goes on where it ran, with the contexts loaded again, as often as it takes', async () => {
    const [first, second, third] = ['first', 'second', 'third'].map((name) => new FakeWorker(name));
    assert.ok(first && second && third);
    first.successor = second;
    second.successor = third;
    const { run, close } = await open(first);
    const results = [await run()];
    for (const ended of [first, second]) {
      ended.end();
      results.push(await run(), await run()); // the first is told that what it builds upon is lost
    }
    const isClean = close();
    assert.deepStrictEqual(
      [results, isClean, third.isLetGoOf],
      [['first with 1', null, 'second with 1', null, 'third with 1'], true, true],
    );
  });

  it('tells the next step what is lost when it ended between two, and runs it not', async () => {
    const first = new FakeWorker('first');
    first.successor = new FakeWorker('second');
    const { run, runStep, died, close } = await open(first);
    await run();
    first.end();
    const { stateLost, error, result } = await runStep();
    assert.deepStrictEqual([stateLost, result, died], [true, null, []]);
    assert.match(error?.message ?? '', /before this step, which was not run: it was ended/u);
    assert.deepStrictEqual([await run(), close()], ['second with 1', true]);
  });

  for (const kind of ['run', 'read', 'files'] as const) {
    it(`tells the next step what is lost when it ended beside its answer: ${kind}`, async () => {
      const first = new FakeWorker('first');
      first.successor = new FakeWorker('second');
      const { ask, run, runStep, close } = await open(first);
      await run();
      first.endsAfter = kind;
      await ask[kind]();
      const { stateLost, error, result } = await runStep();
      assert.deepStrictEqual([stateLost, result], [true, null]);
      assert.match(error?.message ?? '', /before this step, which was not run: it was ended/u);
      assert.deepStrictEqual([await run(), close()], ['second with 1', true]);
    });
  }

  it('ends the sandbox when nothing is left of where its steps ran', async () => {
    for (const successor of [null, new Error('gone')]) {
      const first = new FakeWorker('first');
      first.successor = successor;
      const { run, died, close } = await open(first);
      await run();
      first.end();
      await assert.rejects(run(), { code: 'SANDBOX_EXEC_ERROR' });
      assert.deepStrictEqual([died[0], close()], ['it was ended', true]);
    }
  });

  const gone = { 'keeps nothing': null, 'cannot be had any more': new Error('gone') } as const;
  for (const [what, successor] of Object.entries(gone)) {
    it(`takes one from the reserve when the place where it ran ${what}`, async () => {
      const first = new FakeWorker('first');
      first.successor = successor;
      const { run, close } = await open(first);
      first.end();
      const result = await run();
      assert.deepStrictEqual([result, close()], ['from the reserve with 1', true]);
    });
  }

  it('lets go of the place where it ran also while nothing has taken its place', async () => {
    const first = new FakeWorker('first');
    const { close } = await open(first);
    first.end();
    close();
    assert.equal(first.isLetGoOf, true);
  });
});
