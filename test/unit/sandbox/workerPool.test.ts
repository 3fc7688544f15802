import assert from 'node:assert/strict';
import type { WorkerHandle } from '../../../src/sandbox/workerHandle';
import { type StartControl, WorkerPool } from '../../../src/sandbox/workerPool';

const here = { language: 'python', place: null } as const;
const elsewhere = {
  language: 'python',
  place: {
    kind: 'daytona',
    apiUrl: 'https://daytona.test',
    apiKey: 'dtn_key',
    target: null,
    snapshot: null,
    network: [],
    sessionId: null,
  },
} as const;

const toWorker = (onDispose: () => void = () => undefined): WorkerHandle =>
  ({
    ...{ detail: 'Python', walls: [], image: null, imageDigest: null, endedBy: null },
    dispose: onDispose,
  }) as unknown as WorkerHandle; // all that is used of it

describe('workerPool', () => {
  it('asks again whether what is elsewhere still works, and not too often', async () => {
    let now = 0;
    let isDown = false;
    let probes = 0;
    const pool = new WorkerPool(
      {
        start: async () => toWorker(),
        isElsewhere: ({ place }) => place !== null,
        probe: async () => {
          probes += 1;
          if (isDown) {
            throw new Error('out of reach');
          }
          return toWorker();
        },
      },
      () => now,
    );
    await pool.take(elsewhere);
    await pool.take(here);
    isDown = true;
    const read = async () => [
      (await pool.readState(elsewhere)).works,
      (await pool.readState(here)).works,
      probes,
    ];
    assert.deepStrictEqual(await read(), [true, true, 0]);
    now += 15_001;
    assert.deepStrictEqual(await read(), [false, true, 1]);
    isDown = false;
    assert.deepStrictEqual(await read(), [true, true, 2]);
    assert.deepStrictEqual(await read(), [true, true, 2]);
  });

  it('lets go of what is ready after nobody waits for it any more', async () => {
    const cancel = new AbortController();
    let isLetGoOf = false;
    let ready: (worker: WorkerHandle) => void = () => undefined;
    const controls: StartControl[] = [];
    const pool = new WorkerPool({
      start: (_kind, control) => {
        controls.push(control);
        return new Promise((resolve) => (ready = resolve));
      },
    });
    const control = { signal: cancel.signal, onStage: () => undefined };
    const taken = pool.take(here, control);
    const waiting = [pool.take(here, control), pool.take(here, control)];
    const ended = Promise.allSettled([taken, ...waiting]);
    await new Promise((resolve) => setImmediate(resolve));
    cancel.abort();
    const codes = (await ended).map((one) =>
      one.status === 'rejected' ? (one.reason as { code: string }).code : 'taken',
    );
    assert.deepStrictEqual(codes, ['CANCELLED', 'CANCELLED', 'CANCELLED']);
    assert.equal(controls.length, 2); // two start at a time: the third never began
    ready(toWorker(() => (isLetGoOf = true)));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isLetGoOf, true);
  });
});
