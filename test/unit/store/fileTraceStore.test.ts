import assert from 'node:assert/strict';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createTimeOrderedId } from '../../../src/base/ids';
import { RlmError } from '../../../src/core/errors';
import { noUsage } from '../../../src/core/limits';
import type { Summary } from '../../../src/core/summary';
import type { SummaryQuery, TraceSink } from '../../../src/core/traceStore';
import { FileTraceStore } from '../../../src/store/fileTraceStore';
import { createHome, type Home } from '../../../src/store/home';
import { TraceFile } from '../../../src/store/traceFile';
import {
  createFinalized,
  createOpened,
  createSampleTrace,
  createStepFinished,
  createStepStarted,
  createStopped,
  foldEvents,
  sampleEngineId,
  sampleSessionId,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

const otherEngineId = 'engine-other';
const allSummaries: SummaryQuery = { status: null, limit: 100, cursor: null };
const allEvents = { fromStep: null, toStep: null, cursor: null, limit: 1_000 };

describe('FileTraceStore', () => {
  const temp = useTempFolder();
  let home: Home;
  let store: FileTraceStore;
  let aliveEngines: Set<string>;

  beforeEach(async () => {
    home = await createHome(temp());
    aliveEngines = new Set([otherEngineId]);
    store = new FileTraceStore({
      home,
      engineId: sampleEngineId,
      isEngineAlive: (engineId) => Promise.resolve(aliveEngines.has(engineId)),
    });
  });
  afterEach(() => store.dispose());

  function createForeignTrace(sessionId: string): Promise<TraceFile> {
    const opened = createOpened({ sessionId, engineId: otherEngineId });
    return TraceFile.create(join(home.sessions, sessionId), opened);
  }

  /** Settles at the first announcement of a change at which the sample session looks as expected. */
  function whenAnnounced(isExpected: (summary: Summary | undefined) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const registration = store.onDidChange((sessionId) => {
        assert.equal(sessionId, sampleSessionId);
        void store.readSummary(sessionId).then((summary) => {
          if (isExpected(summary)) {
            registration.dispose();
            resolve();
          }
        });
      });
    });
  }

  async function createTraces(count: number): Promise<{ ids: string[]; sinks: TraceSink[] }> {
    const ids = Array.from({ length: count }, (_, index) => createTimeOrderedId(1_000 + index));
    const sinks: TraceSink[] = [];
    for (const sessionId of ids) {
      sinks.push(await store.createTrace(createOpened({ sessionId })));
    }
    return { ids, sinks };
  }

  it('gives back what was appended, and its summary', async () => {
    const events = createSampleTrace();
    const [opened, ...rest] = events;
    assert.ok(opened?.kind === 'session.opened');
    const sink = await store.createTrace(opened);
    await Promise.all(rest.map((event) => sink.append(event)));
    const page = await store.readEvents(sampleSessionId, allEvents);
    assert.deepStrictEqual(page.events, events);
    assert.deepStrictEqual(await store.readSummary(sampleSessionId), foldEvents(events));
    await sink.close();
  });

  it('sees an event at once after it was appended', async () => {
    const sink = await store.createTrace(createOpened());
    assert.equal((await store.readSummary(sampleSessionId))?.running, false);
    await sink.append(createStepStarted());
    assert.equal((await store.readSummary(sampleSessionId))?.running, true);
    await sink.close();
  });

  it('lists sessions newest first, page by page', async () => {
    const { ids } = await createTraces(40);
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof store.listSummaries>> = await store.listSummaries({
        ...allSummaries,
        limit: 7,
        cursor,
      });
      assert.ok(page.summaries.length <= 7);
      listed.push(...page.summaries.map((summary) => summary.sessionId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    assert.deepStrictEqual(listed, ids.reverse());
  });

  it('lists only sessions of the status asked for', async () => {
    const { ids, sinks } = await createTraces(20);
    await sinks[3]?.append(createFinalized());
    await sinks[5]?.append(createStopped());
    const page = await store.listSummaries({ ...allSummaries, status: 'finalized', limit: 1 });
    assert.deepStrictEqual(
      page.summaries.map((summary) => summary.sessionId),
      [ids[3]],
    );
    const next = await store.listSummaries({
      ...allSummaries,
      status: 'finalized',
      cursor: page.nextCursor,
    });
    assert.deepStrictEqual(next, { summaries: [], nextCursor: null });
  });

  it('shows an active session of a dead engine as interrupted, others as they are', async () => {
    const [dead, alive, stopped] = [1, 2, 3].map((at) => createTimeOrderedId(at));
    assert.ok(dead && alive && stopped);
    for (const [sessionId, engineId] of [
      [dead, 'engine-dead'],
      [alive, otherEngineId],
      [stopped, 'engine-dead'],
    ] as const) {
      const opened = createOpened({ sessionId, engineId });
      const trace = await TraceFile.create(join(home.sessions, sessionId), opened);
      await trace.append(sessionId === stopped ? createStopped() : createStepStarted());
      await trace.close();
    }
    const { summaries } = await store.listSummaries(allSummaries);
    assert.deepStrictEqual(
      summaries.map(({ sessionId, status, running }) => ({ sessionId, status, running })),
      [
        { sessionId: stopped, status: 'stopped', running: false },
        { sessionId: alive, status: 'active', running: true },
        { sessionId: dead, status: 'interrupted', running: false },
      ],
    );
  });

  it('notices the death of an engine although its traces did not change', async () => {
    const trace = await createForeignTrace(sampleSessionId);
    await trace.close();
    assert.equal((await store.readSummary(sampleSessionId))?.status, 'active');
    aliveEngines.clear();
    assert.equal((await store.readSummary(sampleSessionId))?.status, 'interrupted');
  });

  it('passes over folders that hold no readable trace', async () => {
    await mkdir(join(home.sessions, 'empty-session'));
    await mkdir(join(home.sessions, 'noisy-session'));
    await writeFile(join(home.sessions, 'noisy-session', 'trace.jsonl'), 'noise\n');
    await writeFile(join(home.sessions, 'not-a-folder'), '');
    await mkdir(join(home.sessions, 'trace-is-folder', 'trace.jsonl'), { recursive: true });
    assert.deepStrictEqual((await store.listSummaries(allSummaries)).summaries, []);
  });

  it('knows nothing of sessions that are not there or whose id is none', async () => {
    for (const sessionId of [sampleSessionId, '../../etc/passwd', '', '..', 'a/../../b-------']) {
      assert.equal(await store.readSummary(sessionId), undefined);
      assert.equal(await store.deleteTrace(sessionId), false);
      await assert.rejects(store.readEvents(sessionId, allEvents), { code: 'SESSION_NOT_FOUND' });
    }
  });

  it('creates no folder outside the home folder', async () => {
    const opened = createOpened({ sessionId: '../../escaped' });
    await assert.rejects(store.createTrace(opened), { code: 'INVALID_INPUT' });
    assert.deepStrictEqual((await readdir(temp())).sort(), ['engines', 'sessions']);
  });

  it('refuses a list cursor that is none', async () => {
    await assert.rejects(store.listSummaries({ ...allSummaries, cursor: '../x' }), {
      code: 'INVALID_INPUT',
    });
  });

  it('deletes a trace with all that was kept beside it, also while it is being written', async () => {
    const sink = await store.createTrace(createOpened());
    await sink.keepText('context-1', 'text');
    assert.equal(await store.deleteTrace(sampleSessionId), true);
    assert.deepStrictEqual(await readdir(home.sessions), []);
    assert.equal(await store.readSummary(sampleSessionId), undefined);
    assert.equal(await store.deleteTrace(sampleSessionId), false);
  });

  it('does not empty a folder that a link leads to', async function () {
    if (process.platform === 'win32') {
      this.skip(); // links need a privilege there
    }
    const outside = join(temp(), sampleSessionId);
    await mkdir(outside);
    await writeFile(join(outside, 'precious.txt'), 'x');
    await symlink(outside, join(home.sessions, sampleSessionId));
    await assert.rejects(store.deleteTrace(sampleSessionId), { code: 'PATH_NOT_ALLOWED' });
    assert.deepStrictEqual(await readdir(outside), ['precious.txt']);
  });

  it('measures what it keeps', async () => {
    assert.deepStrictEqual(await store.readSize(), { sessions: 0, bytes: 0 });
    const sink = await store.createTrace(createOpened());
    const before = await store.readSize();
    await sink.keepText('context-1', 'x'.repeat(1_000));
    assert.deepStrictEqual(await store.readSize(), { sessions: 1, bytes: before.bytes + 1_000 });
    await sink.close();
  });

  it('announces its own changes once each', async () => {
    const changed: string[] = [];
    const registration = store.onDidChange((sessionId) => changed.push(sessionId));
    const sink = await store.createTrace(createOpened());
    await sink.append(createStepStarted());
    await sink.append(createStepFinished());
    await sink.close();
    assert.deepStrictEqual(changed, [sampleSessionId, sampleSessionId, sampleSessionId]);
    registration.dispose();
  });

  it("announces another engine's new session, its steps, its end and its deletion", async () => {
    const keepsWatching = store.onDidChange(() => undefined);
    const expectations: [Promise<void>, () => Promise<unknown>][] = [];
    let trace: TraceFile | undefined;
    expectations.push(
      [
        whenAnnounced((summary) => summary?.status === 'active'),
        async () => (trace = await createForeignTrace(sampleSessionId)),
      ],
      [
        whenAnnounced((summary) => summary?.running === true),
        async () => trace?.append(createStepStarted()),
      ],
      [
        whenAnnounced((summary) => summary?.usage.steps === 1),
        async () => trace?.append(createStepFinished({ usage: { ...noUsage, steps: 1 } })),
      ],
      [
        whenAnnounced((summary) => summary?.status === 'finalized'),
        async () => trace?.append(createFinalized({ step: 1 })),
      ],
    );
    for (const [announced, act] of expectations) {
      await act();
      await announced;
    }
    const deleted = whenAnnounced((summary) => summary === undefined);
    await trace?.close();
    await rm(join(home.sessions, sampleSessionId), { recursive: true });
    await deleted;
    keepsWatching.dispose();
  });

  it('announces when another engine dies in the middle of its session', async () => {
    const trace = await createForeignTrace(sampleSessionId);
    const changes: string[] = [];
    const died = new Promise<void>((resolve) => {
      const registration = store.onDidChange((sessionId) => {
        changes.push(sessionId);
        aliveEngines.clear(); // after it was first seen as under way
        if (changes.length === 2) {
          registration.dispose();
          resolve();
        }
      });
    });
    await died;
    assert.deepStrictEqual(changes, [sampleSessionId, sampleSessionId]);
    await trace.close();
  });

  it('closes its files and starts nothing after it was disposed', async () => {
    const sink = await store.createTrace(createOpened());
    store.dispose();
    store.dispose();
    await sink.close();
    await assert.rejects(sink.append(createStepStarted()), { code: 'INTERNAL_ERROR' });
    const sessionId = createTimeOrderedId(1);
    await assert.rejects(
      store.createTrace(createOpened({ sessionId })),
      (error) => error instanceof RlmError && error.code === 'CANCELLED',
    );
    store.onDidChange(() => undefined).dispose();
  });
});
