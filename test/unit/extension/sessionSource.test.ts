import assert from 'node:assert/strict';
import { neverAborted } from '../../../src/base/abort';
import { SessionSource } from '../../../src/extension/sessionSource';
import { createFakeEngine } from '../../support/fakeEngine';
import { MemoryTraceStore } from '../../support/memoryTraceStore';
import { createOpened, sampleSessionId } from '../../support/sampleTrace';

describe('SessionSource', () => {
  const request = {
    context: { text: 'alpha', paths: [] },
    language: 'python',
    title: '',
    limits: {},
  } as const;

  it('reads from disk until an engine runs, and through the engine from then on', async () => {
    const store = new MemoryTraceStore();
    store.addForeignTrace(sampleSessionId, [createOpened({ title: 'on disk' })]);
    const source = new SessionSource(async () => store);
    assert.equal((await source.readSummary(sampleSessionId))?.title, 'on disk');
    const engine = createFakeEngine();
    source.useEngine(engine);
    const { id } = await engine.sessions.openSession({ ...request, title: 'live' }, neverAborted);
    assert.equal((await source.readSummary(id))?.title, 'live');
    await engine.close();
    source.dispose();
  });

  it('watches the store only while someone listens, and the engine’s once it runs', async () => {
    const store = new MemoryTraceStore();
    const source = new SessionSource(async () => store);
    const told: string[] = [];
    const listening = source.onDidChange((id) => told.push(id));
    await source.store();
    store.addForeignTrace('session-1', [createOpened()]);
    const engine = createFakeEngine();
    source.useEngine(engine);
    await source.store();
    store.addForeignTrace('session-2', [createOpened()]);
    engine.traces.addForeignTrace('session-3', [createOpened()]);
    assert.deepStrictEqual(told, ['session-1', 'session-3']);
    listening.dispose();
    assert.deepStrictEqual([store.listenerCount, engine.traces.listenerCount], [0, 0]);
    source.dispose();
  });

  it('lets go of a live session when it deletes it, and knows it no more', async () => {
    const engine = createFakeEngine();
    const source = new SessionSource(async () => new MemoryTraceStore());
    source.useEngine(engine);
    const session = await engine.sessions.openSession(request, neverAborted);
    await source.deleteSession(session.id);
    assert.deepStrictEqual(engine.sessions.live, []);
    assert.equal(await source.readSummary(session.id), undefined);
    await engine.close();
    source.dispose();
  });

  it('still knows a session whose deletion failed', async () => {
    const store = new MemoryTraceStore();
    store.addForeignTrace(sampleSessionId, [createOpened()]);
    let isLocked = true;
    const source = new SessionSource(async () =>
      Object.assign(store, {
        deleteTrace: async () => {
          if (isLocked) {
            throw new Error('EBUSY');
          }
          return true;
        },
      }),
    );
    const told: string[] = [];
    const listening = source.onDidChange((id) => told.push(id));
    await assert.rejects(source.deleteSession(sampleSessionId), { message: 'EBUSY' });
    assert.deepStrictEqual(told, [sampleSessionId]);
    listening.dispose();
    assert.notEqual(await source.readSummary(sampleSessionId), undefined);
    isLocked = false;
    await source.deleteSession(sampleSessionId);
    assert.equal(await source.readSummary(sampleSessionId), undefined);
    source.dispose();
  });
});
