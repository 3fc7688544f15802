import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Emitter } from '../../../src/base/emitter';
import type { TraceEvent } from '../../../src/core/event';
import { awaitChange, readPageAfter } from '../../../src/core/tracePages';
import { MemoryTraceStore } from '../../support/memoryTraceStore';
import { createModelAnswered, createOpened } from '../../support/sampleTrace';

describe('tracePages', () => {
  const sessionId = 'session-1';

  it('gives every event once and in order, however the trace grows between pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 10 }),
        async (stepsBetween, growths) => {
          const all = createEvents(stepsBetween);
          const store = new MemoryTraceStore();
          const read: TraceEvent[] = [];
          let cursor: string | null = null;
          let written = 1;
          for (const growth of [...growths, all.length]) {
            store.addForeignTrace(sessionId, all.slice(0, written));
            const page = await readPageAfter(store, sessionId, cursor);
            read.push(...page.events);
            cursor = page.cursor;
            assert.equal(page.complete, true);
            assert.equal(read.length, Math.min(written, all.length));
            written += growth;
          }
          assert.deepStrictEqual(read, all.slice(0, read.length));
        },
      ),
    );
  });

  it('pages through a long trace', async () => {
    const all = createEvents(Array.from({ length: 1_300 }, (_, at) => (at % 700 === 0 ? 1 : 0)));
    const store = new MemoryTraceStore();
    store.addForeignTrace(sessionId, all);
    const read: TraceEvent[] = [];
    const complete: boolean[] = [];
    for (let cursor: string | null = null; complete.at(-1) !== true;) {
      const page = await readPageAfter(store, sessionId, cursor);
      read.push(...page.events);
      complete.push(page.complete);
      cursor = page.cursor;
    }
    assert.deepStrictEqual(read, all);
    assert.ok(complete.length > 2);
  });

  it('reads little more than what is new, also far inside one step', async () => {
    const all = createEvents(Array.from({ length: 3_000 }, (_, at) => (at === 0 ? 1 : 0)));
    const store = new MemoryTraceStore();
    const readEvents = store.readEvents.bind(store);
    let given = 0;
    store.readEvents = async (...query) => {
      const page = await readEvents(...query);
      given += page.events.length;
      return page;
    };
    const read: TraceEvent[] = [];
    let cursor: string | null = null;
    for (let written = 0; written < all.length; written += 40) {
      store.addForeignTrace(sessionId, all.slice(0, written + 40));
      given = 0;
      const page = await readPageAfter(store, sessionId, cursor);
      read.push(...page.events);
      cursor = page.cursor;
      assert.ok(given <= 1_000, `${given} events for ${page.events.length} after ${written}`);
    }
    for (let complete = false; !complete;) {
      const page = await readPageAfter(store, sessionId, cursor);
      read.push(...page.events);
      ({ cursor, complete } = page);
    }
    assert.deepStrictEqual(read, all);
  });

  it('refuses a cursor of its own making only', async () => {
    const store = new MemoryTraceStore();
    await assert.rejects(readPageAfter(store, sessionId, '1.x'), { code: 'INVALID_INPUT' });
  });

  it('waits for a change of its own session, and gives back its listener', async () => {
    const emitter = new Emitter<string>();
    const { signal } = new AbortController();
    const change = awaitChange(emitter.event, sessionId, signal);
    emitter.fire('another');
    emitter.fire(sessionId);
    await change.changed;
    change.dispose();
    assert.equal(emitter.listenerCount, 0);
  });

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const change = awaitChange(new Emitter<string>().event, sessionId, controller.signal);
    controller.abort();
    await assert.rejects(change.changed, { code: 'CANCELLED' });
  });
});

/** The opening, then one event for every number, so many steps after the one before. */
function createEvents(stepsBetween: readonly number[]): readonly TraceEvent[] {
  let step = 0;
  return [
    createOpened({ sessionId: 'session-1' }),
    ...stepsBetween.map((steps, call) => createModelAnswered({ step: (step += steps), call })),
  ];
}
