import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { sortInSlices, TimeSlices } from '../../../src/context/timeSlices';

const never = new AbortController().signal;

describe('work in slices', () => {
  it('sorts as a list sorts itself, what is equal in its order', async () => {
    const items = fc.array(fc.record({ key: fc.nat({ max: 50 }), at: fc.nat() }), {
      minLength: 0,
      maxLength: 5_000,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(items, async (list) => {
        const byKey = (left: { key: number }, right: { key: number }): number =>
          left.key - right.key;
        const sorted = await sortInSlices(list, byKey, new TimeSlices(never));
        assert.deepStrictEqual(sorted, [...list].sort(byKey));
      }),
      { numRuns: 50 },
    );
  });

  it('lets one of many go on at a time, in their order', async () => {
    const slices = new TimeSlices(never);
    let rounds = 0;
    let isEnded = false;
    const counting = (async () => {
      while (!isEnded) {
        await setImmediate();
        rounds += 1;
      }
    })();
    const went: (readonly [number, number])[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => {
        await slices.next();
        went.push([at, rounds]);
      }),
    );
    isEnded = true;
    await counting;
    assert.deepStrictEqual(
      went.map(([at]) => at),
      Array.from({ length: 20 }, (_, at) => at),
    );
    assert.equal(new Set(went.map(([, round]) => round)).size, 20);
  });

  it('ends with the call that it is part of', async () => {
    const controller = new AbortController();
    const slices = new TimeSlices(controller.signal);
    controller.abort();
    await assert.rejects(slices.next(), { code: 'CANCELLED' });
  });
});
