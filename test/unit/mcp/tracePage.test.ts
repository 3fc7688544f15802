import assert from 'node:assert/strict';
import fc from 'fast-check';

import { type TracePageQuery, readTracePage } from '../../../src/mcp/tracePage';
import { arbitraryTrace } from '../../support/arbitraryTrace';
import { createFakeEngine, type FakeEngine } from '../../support/fakeEngine';
import { sampleSessionId } from '../../support/sampleTrace';

const everything: TracePageQuery = {
  sessionId: sampleSessionId,
  fromStep: null,
  toStep: null,
  cursor: null,
  limit: 1_000,
  maxChars: Infinity,
  detail: { kind: 'full', maxChars: 8_000, textOffset: 0 },
};

async function readAll(engine: FakeEngine, query: Partial<TracePageQuery>) {
  const pages = [];
  let cursor: string | null = null;
  do {
    const page = await readTracePage(engine, { ...everything, ...query, cursor });
    pages.push(page.entries);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

describe('tracePage', () => {
  let engine: FakeEngine;

  beforeEach(() => {
    engine = createFakeEngine();
  });
  afterEach(() => engine.close());

  it('pages of any length show all that one page shows, in order and once', () =>
    fc.assert(
      fc.asyncProperty(
        arbitraryTrace,
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(1_000, 3_000, Infinity),
        async (events, limit, maxChars) => {
          engine.traces.addForeignTrace(sampleSessionId, events);
          const [whole = []] = await readAll(engine, {});
          const pages = await readAll(engine, { limit, maxChars });
          const isRunning = whole.at(-1)?.result_status === 'running';
          for (const [index, page] of pages.entries()) {
            const isLast = index === pages.length - 1;
            assert.ok(page.length <= limit + (isLast && isRunning ? 1 : 0));
            assert.ok(page.length > 0);
          }
          const toKey = ({
            ts,
            action,
            step_index,
            result_status,
            detail,
          }: (typeof whole)[number]) =>
            [ts, action, step_index, result_status, detail['code'] ?? ''] as const;
          assert.deepStrictEqual(pages.flat().map(toKey), whole.map(toKey));
        },
      ),
    ));

  it('every step has one entry with its code, and the other events one each', () =>
    fc.assert(
      fc.asyncProperty(arbitraryTrace, async (events) => {
        engine.traces.addForeignTrace(sampleSessionId, events);
        const [entries = []] = await readAll(engine, {});
        const count = (kind: string): number => events.filter((one) => one.kind === kind).length;
        const steps = entries.filter(({ action }) => action === 'run_repl');
        assert.equal(steps.length, count('step.started'));
        assert.ok(steps.every(({ detail }) => typeof detail['code'] === 'string'));
        const merged = count('step.finished') + (events[1]?.kind === 'context.loaded' ? 1 : 0);
        assert.equal(entries.length, events.length - merged);
      }),
    ));

  it('a range of steps shows these and no others', () =>
    fc.assert(
      fc.asyncProperty(
        arbitraryTrace,
        fc.nat({ max: 8 }),
        fc.nat({ max: 4 }),
        async (events, from, more) => {
          engine.traces.addForeignTrace(sampleSessionId, events);
          const range = { fromStep: from, toStep: from + more };
          const [whole = []] = await readAll(engine, {});
          const some = (await readAll(engine, { ...range, limit: 2 })).flat();
          assert.deepStrictEqual(
            some.map(({ ts, action }) => [ts, action]),
            whole
              .filter(({ step_index: step }) => step >= from && step <= from + more)
              .map(({ ts, action }) => [ts, action]),
          );
        },
      ),
    ));
});
