import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { Emitter } from '../../../src/base/emitter';
import { createTimeOrderedId } from '../../../src/base/ids';
import type { TraceSink } from '../../../src/core/traceStore';
import type { FileTraceStore } from '../../../src/store/fileTraceStore';
import { createHome, type Home } from '../../../src/store/home';
import { SessionWatch } from '../../../src/store/sessionWatch';
import type { WatchState } from '../../../src/store/sessionWatchState';
import { EngineStores } from '../../support/engineStores';
import {
  createClosed,
  createFinalized,
  createOpened,
  createStepStarted,
  createStopped,
  sampleSessionId,
} from '../../support/sampleTrace';
import { useTempFolder } from '../../support/tempFolder';

describe('watching sessions of other engines', () => {
  const temp = useTempFolder();
  let home: Home;
  let stores: EngineStores;
  let watcher: FileTraceStore;
  let first: FileTraceStore;
  let second: FileTraceStore;
  let changed: string[];

  beforeEach(async () => {
    home = await createHome(temp());
    stores = new EngineStores(home);
    watcher = stores.create('engine-watcher');
    first = stores.create('engine-first');
    second = stores.create('engine-second');
    changed = [];
    watcher.onDidChange((sessionId) => changed.push(sessionId));
  });
  afterEach(() => stores.dispose());

  const open = (store: FileTraceStore, engineId: string): Promise<TraceSink> =>
    store.createTrace(createOpened({ engineId }));

  async function close(sink: TraceSink): Promise<void> {
    await sink.append(createClosed({ status: 'interrupted' }));
    await sink.close();
  }

  /** Settles when the watcher has announced the sample session during or after `act`. */
  async function announces(act: () => Promise<unknown>): Promise<void> {
    const announced = new Promise<void>((resolve) => {
      const registration = watcher.onDidChange((sessionId) => {
        if (sessionId === sampleSessionId) {
          registration.dispose();
          resolve();
        }
      });
    });
    await act();
    await announced;
  }

  /** Settles when every change so far has been seen. */
  async function seen(): Promise<void> {
    const sessionId = createTimeOrderedId(Date.now());
    const announced = new Promise<void>((resolve) => {
      const registration = watcher.onDidChange((id) => {
        if (id === sessionId) {
          registration.dispose();
          resolve();
        }
      });
    });
    await first.createTrace(createOpened({ engineId: 'engine-first', sessionId }));
    await announced;
  }

  it('announces a closed session that another engine goes on with', async () => {
    const sink = await open(first, 'engine-first');
    await announces(() => close(sink));
    await seen();
    const again = await second.reopenTrace(sampleSessionId);
    await announces(() => again.append(createStepStarted()));
    await announces(() => again.append(createFinalized()));
  });

  it('announces a stopped session of an engine that died, when another goes on with it', async () => {
    const sink = await open(first, 'engine-first');
    await announces(() => sink.append(createStopped()));
    stores.kill('engine-first');
    await seen();
    const again = await second.reopenTrace(sampleSessionId);
    await announces(() => again.append(createFinalized()));
  });

  it('announces a session that was there at rest when watching began', async () => {
    watcher.dispose();
    await close(await open(first, 'engine-first'));
    watcher = stores.create('engine-watcher');
    watcher.onDidChange((sessionId) => changed.push(sessionId));
    await seen();
    assert.equal(changed.includes(sampleSessionId), false);
    const again = await second.reopenTrace(sampleSessionId);
    await announces(() => again.append(createStepStarted()));
  });

  it('announces a session that it closed itself, when another engine goes on with it', async () => {
    await close(await open(watcher, 'engine-watcher'));
    await seen();
    const again = await second.reopenTrace(sampleSessionId);
    await announces(() => again.append(createStepStarted()));
    await announces(() => close(again));
    await announces(() => first.deleteTrace(sampleSessionId));
  });

  it('announces what it writes, closes, takes over and removes itself once each', async () => {
    await seen();
    changed.splice(0);
    await close(await open(watcher, 'engine-watcher'));
    await seen();
    const sink = await watcher.reopenTrace(sampleSessionId);
    await sink.append(createFinalized());
    await sink.close();
    await seen();
    await watcher.deleteTrace(sampleSessionId);
    await seen();
    assert.equal(changed.filter((id) => id === sampleSessionId).length, 4);
  });

  it('looks at no more than the newest of the sessions that are at rest', async () => {
    const folder = home.sessions;
    const ids = Array.from({ length: 210 }, (_, index) => createTimeOrderedId(1_000 + index));
    await Promise.all(ids.map((id) => mkdir(join(folder, id))));
    const looked = new Emitter<string>();
    const looks: string[] = [];
    const resting: WatchState = { kind: 'resting', version: '', traceMark: null };
    const watch = new SessionWatch({
      folder,
      list: () => readdir(folder),
      readState: async (id) => {
        looks.push(id);
        looked.fire(id);
        return resting;
      },
      onDidChange: () => undefined,
      onDidDelete: () => undefined,
    });
    const whenLooked = (id: string): Promise<void> =>
      new Promise((resolve) => looked.event((lookedAt) => lookedAt === id && resolve()));
    await whenLooked(ids.at(-1) ?? '');
    const later = createTimeOrderedId(5_000);
    const laterLooked = whenLooked(later);
    await mkdir(join(folder, later));
    await laterLooked;
    looks.splice(0);
    await whenLooked(later); // once more
    watch.dispose();
    looked.dispose();
    assert.deepStrictEqual([looks[0], looks.length], [ids[11], 200]);
  });
});
