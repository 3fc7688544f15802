import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { TraceSink } from '../../../src/core/traceStore';
import type { FileTraceStore } from '../../../src/store/fileTraceStore';
import { createHome, type Home } from '../../../src/store/home';
import { EngineStores } from '../../support/engineStores';
import {
  createClosed,
  createOpened,
  createStepStarted,
  createStopped,
  sampleSessionId,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

const held = { code: 'INVALID_INPUT' };

describe('holding a session', () => {
  const temp = useTempFolder();
  let home: Home;
  let stores: EngineStores;
  let first: FileTraceStore;
  let second: FileTraceStore;
  let third: FileTraceStore;

  beforeEach(async () => {
    home = await createHome(temp());
    stores = new EngineStores(home);
    first = stores.create('engine-first');
    second = stores.create('engine-second');
    third = stores.create('engine-third');
  });
  afterEach(() => stores.dispose());

  const open = (store: FileTraceStore): Promise<TraceSink> =>
    store.createTrace(createOpened({ engineId: 'engine-first' }));

  /** As a session does that its engine closes. */
  async function close(sink: TraceSink, status: 'interrupted' | 'stopped' = 'interrupted') {
    await sink.append(createClosed({ status }));
    await sink.close();
  }

  it('is left to others by an engine that closed the session and runs on', async () => {
    await close(await open(first));
    await close(await second.reopenTrace(sampleSessionId));
    await close(await first.reopenTrace(sampleSessionId));
    await close(await third.reopenTrace(sampleSessionId));
  });

  it('is left to others by an engine that closed a stopped session', async () => {
    const sink = await open(first);
    await sink.append(createStopped());
    await assert.rejects(second.reopenTrace(sampleSessionId), held);
    await close(sink, 'stopped');
    await close(await second.reopenTrace(sampleSessionId), 'stopped');
  });

  it('is for one engine from the moment it takes the session, before it writes', async () => {
    await close(await open(first));
    const sink = await second.reopenTrace(sampleSessionId);
    await assert.rejects(first.reopenTrace(sampleSessionId), held);
    await assert.rejects(second.reopenTrace(sampleSessionId), held);
    await assert.rejects(third.reopenTrace(sampleSessionId), held);
    await close(sink);
    await close(await third.reopenTrace(sampleSessionId));
  });

  it('is for the engine that goes on with what it closed itself', async () => {
    await close(await open(first));
    const sink = await first.reopenTrace(sampleSessionId);
    await assert.rejects(second.reopenTrace(sampleSessionId), held);
    await close(sink);
    await close(await second.reopenTrace(sampleSessionId));
  });

  it('ends with the engine, whatever it left', async () => {
    await open(first);
    await assert.rejects(second.reopenTrace(sampleSessionId), held);
    stores.kill('engine-first');
    await second.reopenTrace(sampleSessionId);
    await assert.rejects(third.reopenTrace(sampleSessionId), held);
    stores.kill('engine-second');
    const sink = await third.reopenTrace(sampleSessionId);
    await sink.append(createStepStarted());
    assert.equal((await third.readSummary(sampleSessionId))?.engineId, 'engine-third');
  });

  it('is for one of those that take the session at the same moment', async () => {
    await close(await open(first));
    const stores = [first, second, third];
    const taken = await Promise.allSettled(
      stores.map((store) => store.reopenTrace(sampleSessionId)),
    );
    assert.equal(taken.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepStrictEqual(
      taken.flatMap((one) =>
        one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
      ),
      ['INVALID_INPUT', 'INVALID_INPUT'],
    );
  });

  it('is given back by an engine that cannot go on with the trace', async () => {
    await close(await open(first));
    second.dispose();
    await assert.rejects(second.reopenTrace(sampleSessionId), { code: 'CANCELLED' });
    await close(await third.reopenTrace(sampleSessionId));
  });

  it('waits for an engine that has claimed it, unless that engine died before it said who it is', async () => {
    await close(await open(first));
    const claim = join(home.sessions, sampleSessionId, 'lease-1.json');
    await writeFile(claim, '');
    await assert.rejects(second.reopenTrace(sampleSessionId), held);
    await utimes(claim, new Date(0), new Date(0));
    const sink = await second.reopenTrace(sampleSessionId);
    await assert.rejects(third.reopenTrace(sampleSessionId), held);
    await close(sink);
    await third.reopenTrace(sampleSessionId);
  });
});
