import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createLimits, noUsage } from '../../../src/core/limits';
import { fillIn } from '../../../src/base/text';
import { toShownGauges } from '../../../webview/model/gauges';
import { createTimeAxis, toTickStep, toTickText } from '../../../webview/model/timeAxis';
import { createTimeline, findBar } from '../../../webview/model/timeline';
import { Trace } from '../../../webview/model/trace';
import { toRowWindow, toScrollTop } from '../../../webview/model/windowing';
import { restoreViewState } from '../../../webview/viewState';
import { createSampleTrace, foldEvents } from '../../support/sampleTrace';

describe('webview windowing', () => {
  it('covers the viewport and stays within the rows', () => {
    const number = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(number, number, number, (scrollTop, height, count) => {
        const { first, end } = toRowWindow({ scrollTop, height }, 44, count);
        assert.ok(first >= 0 && end <= count && first <= end);
        const lastVisible = Math.min(count, Math.ceil((scrollTop + height) / 44));
        assert.ok(first <= Math.floor(scrollTop / 44) && end >= lastVisible);
      }),
    );
  });

  it('of 100,000 rows holds those of one screen', () => {
    const { first, end } = toRowWindow({ scrollTop: 2_000_000, height: 880 }, 44, 100_000);
    assert.ok(end - first < 40);
  });

  it('scrolls no further than a row needs', () => {
    const viewport = { scrollTop: 440, height: 440 };
    const targets = [0, 12, 30].map((row) => toScrollTop(viewport, 44, row));
    assert.deepStrictEqual(targets, [0, 440, 924]);
  });
});

describe('webview time axis', () => {
  const busy = [
    { start: 1_000, end: 1_100 },
    { start: 61_100, end: 61_400 },
  ];

  it('cuts idle time short, and says how much', () => {
    const axis = createTimeAxis(busy, true);
    assert.deepStrictEqual(
      [axis.toAxis(1_000), axis.toAxis(1_100), axis.toAxis(61_100), axis.length],
      [0, 100, 220, 520],
    );
    assert.deepStrictEqual(axis.breaks, [{ at: 160, skippedMs: 59_880 }]);
  });

  it('keeps the clock’s time when nothing is to be cut', () => {
    const axis = createTimeAxis(busy, false);
    assert.deepStrictEqual([axis.length, axis.toAxis(31_000), axis.breaks], [60_400, 30_000, []]);
  });

  it('never goes back, and finds the way from a place to the clock again', () => {
    const interval = fc.record({
      start: fc.integer({ min: 0, max: 1e6 }),
      durationMs: fc.integer({ min: 0, max: 1e5 }),
    });
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1 }), fc.boolean(), (given, skipIdle) => {
        const intervals = given
          .map(({ start, durationMs }) => ({ start, end: start + durationMs }))
          .sort((left, right) => left.start - right.start);
        const axis = createTimeAxis(intervals, skipIdle);
        let before = -Infinity;
        for (const { start } of intervals) {
          const at = axis.toAxis(start);
          assert.ok(at >= before && at <= axis.length + 1e-6);
          assert.ok(Math.abs(axis.toAxis(axis.toClock(at)) - at) < 1e-6);
          before = at;
        }
      }),
    );
  });

  it('has round distances between its marks', () => {
    assert.deepStrictEqual(
      [toTickStep(10_000, 8), toTickStep(1, 10), toTickStep(7.2e6, 10)],
      [2_000, 1, 900_000],
    );
  });

  it('tells neighbouring marks apart, however close they are', () => {
    const tellAll = (from: number, step: number): readonly string[] =>
      [0, 1, 2].map((index) => toTickText(from + index * step, step));
    assert.deepStrictEqual(
      [tellAll(0, 500), tellAll(5_200, 50), tellAll(125_000, 1), tellAll(60_000, 30_000)],
      [
        ['0', '500 ms', '1 s'],
        ['5.2 s', '5.25 s', '5.3 s'],
        ['2 min 5 s', '2 min 5.001 s', '2 min 5.002 s'],
        ['1 min', '1 min 30 s', '2 min'],
      ],
    );
  });
});

describe('webview timeline', () => {
  const trace = new Trace();
  trace.append(createSampleTrace());
  const summary = foldEvents(createSampleTrace());

  it('puts calls that overlap into lanes of their own', () => {
    const timeline = createTimeline(trace, [], { skipIdle: true, now: 0 });
    const calls = timeline.steps[4]?.calls ?? [];
    assert.deepStrictEqual(
      [timeline.callLanes, calls.map(({ lane }) => lane).sort()],
      [3, [0, 1, 2]],
    );
    assert.ok(calls.every(({ start }) => start >= (timeline.steps[4]?.start ?? 0)));
  });

  it('finds the step at a time by halving', () => {
    const { steps } = createTimeline(trace, [], { skipIdle: true, now: 0 });
    for (const [index, { start, end }] of steps.entries()) {
      assert.deepStrictEqual([findBar(steps, start), findBar(steps, end)], [index, index]);
    }
  });

  it('shows child sessions on the same axis', () => {
    assert.ok(summary);
    const child = {
      ...summary,
      createdAt: summary.createdAt + 5_000,
      updatedAt: summary.updatedAt + 60_000,
    };
    const { axis, children } = createTimeline(trace, [child], { skipIdle: false, now: 0 });
    assert.equal(children.length, 1);
    assert.equal(axis.toClock(axis.length), child.updatedAt);
  });
});

describe('webview gauges', () => {
  const summary = foldEvents(createSampleTrace());

  it('move while a step runs, and no further than the limit', () => {
    assert.ok(summary);
    const limits = createLimits({ maxRuntimeMs: 10_000 });
    const trace = new Trace();
    trace.append(createSampleTrace());
    const [step] = trace.steps;
    assert.ok(step);
    const startedAt = step.startedAt ?? 0;
    const read = (now: number): readonly unknown[] => {
      const [, runtime] = toShownGauges({ ...summary, limits, usage: noUsage }, step, {
        now,
        translate: fillIn,
      });
      return [runtime?.used, runtime?.level];
    };
    assert.deepStrictEqual(
      [read(startedAt + 7_999), read(startedAt + 8_000), read(startedAt + 60_000)],
      [
        [7_999, 'low'],
        [8_000, 'high'],
        [10_000, 'full'],
      ],
    );
  });
});

describe('webview state', () => {
  it('comes back as it was kept', () => {
    const kept = {
      ...restoreViewState(null),
      sessionId: 's',
      tab: 'variables',
      step: 7,
      from: 0.2,
      to: 0.4,
    };
    assert.deepStrictEqual(restoreViewState(JSON.parse(JSON.stringify(kept))), kept);
  });

  it('takes nothing that is not of the right kind', () => {
    const kept = {
      tab: 'elsewhere',
      step: '7',
      from: 3,
      to: 'x',
      text: {},
      filter: null,
      listWidth: 'wide',
    };
    assert.deepStrictEqual(restoreViewState(kept), restoreViewState(undefined));
    assert.deepStrictEqual(restoreViewState('nonsense'), restoreViewState(undefined));
  });
});
