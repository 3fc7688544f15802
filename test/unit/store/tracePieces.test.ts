import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TraceEvent } from '../../../src/core/event';
import type { TraceSink, TraceStore } from '../../../src/core/traceStore';
import { createHome, type Home } from '../../../src/store/home';
import { EngineStores } from '../../support/engineStores';
import {
  createClosed,
  createOpened,
  createSampleTrace,
  createStepStarted,
  sampleEngineId,
  sampleSessionId,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

describe('tracePieces', () => {
  const temp = useTempFolder();
  let home: Home;
  let stores: EngineStores;
  let store: TraceStore;
  let sink: TraceSink;

  beforeEach(async () => {
    home = await createHome(temp());
    stores = new EngineStores(home);
    store = stores.create(sampleEngineId);
    sink = await store.createTrace(createOpened());
  });
  afterEach(async () => {
    await sink.close().catch(() => undefined);
    stores.dispose();
  });

  const file = (): string => path.join(home.sessions, sampleSessionId, 'trace.jsonl');
  const toKinds = (events: readonly TraceEvent[]): string[] => events.map(({ kind }) => kind);

  it('goes on behind what was read, and has nothing where nothing is new', async () => {
    const first = await store.readOn(sampleSessionId, null);
    const none = await store.readOn(sampleSessionId, first.position);
    await sink.append(createStepStarted());
    const next = await store.readOn(sampleSessionId, none.position);
    assert.deepStrictEqual(
      [first, none, next].map((one) => [toKinds(one.events), one.isEnd, one.isRestart]),
      [
        [['session.opened'], true, false],
        [[], true, false],
        [['step.started'], true, false],
      ],
    );
  });

  it('waits for the rest of a line that is being written, and counts lines that hold no event', async () => {
    const whole = await readFile(file(), 'utf8');
    await appendFile(file(), '{"half');
    const half = await store.readOn(sampleSessionId, null);
    await appendFile(file(), ' of a line\n' + whole);
    const rest = await store.readOn(sampleSessionId, half.position);
    assert.deepStrictEqual(
      [half, rest].map((one) => [one.events.length, one.unreadable]),
      [
        [1, 0],
        [1, 1],
      ],
    );
  });

  it('begins anew where another trace is in the place of the one that was read', async () => {
    await sink.append(createStepStarted());
    const { position } = await store.readOn(sampleSessionId, null);
    await sink.close();
    const text = await readFile(file(), 'utf8');
    const others = [text.replace(/..\n$/u, 'zz\n'), text.slice(0, text.indexOf('\n') + 1)];
    for (const other of others) {
      await writeFile(file(), other);
      const piece = await store.readOn(sampleSessionId, position);
      assert.deepStrictEqual([piece.isRestart, piece.events[0]?.kind], [true, 'session.opened']);
    }
  });

  it('begins anew where it has read what another engine did not count', async () => {
    await sink.append(createClosed());
    await sink.close();
    stores.kill(sampleEngineId);
    const other = stores.create('engine-other');
    const next = await other.reopenTrace(sampleSessionId);
    await appendFile(file(), (await readFile(file(), 'utf8')).split('\n')[0] + '\n');
    const offset = (await readFile(file())).length;
    const seal = (await readFile(file())).subarray(-32).toString('hex');
    await next.append(createStepStarted());
    const piece = await other.readOn(sampleSessionId, `${offset}-0-${seal}`);
    await next.close();
    assert.deepStrictEqual(
      [piece.isRestart, toKinds(piece.events)],
      [true, ['session.opened', 'session.closed', 'step.started']],
    );
  });

  it('gives a long trace in pieces', async () => {
    for (const event of createSampleTrace().slice(1)) {
      await sink.append(event);
    }
    for (let count = 0; count < 3; count += 1) {
      await sink.append(createStepStarted({ code: 'x'.repeat(1_500_000) }));
    }
    let position: string | null = null;
    let count = 0;
    let pieces = 0;
    for (let isEnd = false; !isEnd; pieces += 1) {
      const piece = await store.readOn(sampleSessionId, position);
      ({ position, isEnd } = piece);
      count += piece.events.length;
    }
    assert.deepStrictEqual([count, pieces > 1], [createSampleTrace().length + 3, true]);
  });

  it('has another mark after every change, of every session', async () => {
    const before = await store.listMarks();
    await sink.append(createStepStarted());
    const after = await store.listMarks();
    assert.deepStrictEqual([...before.keys()], [sampleSessionId]);
    assert.notDeepStrictEqual(before, after);
  });

  it('refuses what is no position', async () => {
    await assert.rejects(store.readOn(sampleSessionId, 'x'), { code: 'INVALID_INPUT' });
    await assert.rejects(store.readOn('no-such-session', null), { code: 'SESSION_NOT_FOUND' });
  });
});
