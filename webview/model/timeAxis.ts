// One axis for all that happened. Idle time between steps can be cut short: an agent thinks for
// minutes between steps of milliseconds, and a step would otherwise be too thin to see.

import { toDurationText } from '../../src/export/wording';

/** Epoch ms. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

export interface IdleBreak {
  /** Place on the axis where the cut-out time was. */
  readonly at: number;
  readonly skippedMs: number;
}

interface Knot {
  readonly clock: number;
  readonly axis: number;
}

const origin: Knot = { clock: 0, axis: 0 };

/** All cut gaps together take at most this share of the busy time. */
const gapShare = 0.3;
/** A gap this short is never worth a break. */
const leastSkippedMs = 500;

export class TimeAxis {
  readonly #knots: readonly Knot[];
  readonly breaks: readonly IdleBreak[];
  #last = 0;

  constructor(knots: readonly Knot[], breaks: readonly IdleBreak[]) {
    this.#knots = knots;
    this.breaks = breaks;
  }

  /** Milliseconds as shown. At least 1, so that it can be divided by. */
  get length(): number {
    return Math.max(1, this.#knots.at(-1)?.axis ?? 0);
  }

  toAxis(clock: number): number {
    const [left, right] = this.#segment('clock', clock);
    return interpolate(clock, [left.clock, right.clock], [left.axis, right.axis]);
  }

  toClock(axis: number): number {
    const [left, right] = this.#segment('axis', axis);
    return interpolate(axis, [left.axis, right.axis], [left.clock, right.clock]);
  }

  /** The knots around a place. Drawing asks in order, so the segment asked for last is tried first. */
  #segment(side: keyof Knot, value: number): readonly [Knot, Knot] {
    const at = (index: number): number => this.#knots[index]?.[side] ?? Infinity;
    const isWithin = (index: number): boolean => at(index) <= value && value < at(index + 1);
    const near = [this.#last, this.#last + 1, this.#last + 2].find(isWithin);
    let low = near ?? 0;
    for (let high = near ?? this.#knots.length - 1; low < high;) {
      const middle = Math.ceil((low + high) / 2);
      if (at(middle) <= value) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    this.#last = low;
    const left = this.#knots[Math.min(low, Math.max(0, this.#knots.length - 2))] ?? origin;
    return [left, this.#knots[low + 1] ?? this.#knots[low] ?? left];
  }
}

/** `busy` sorted by start; intervals may overlap. */
export function createTimeAxis(busy: readonly Interval[], skipIdle: boolean): TimeAxis {
  const merged = mergeIntervals(busy);
  const busyMs = merged.reduce((sum, { start, end }) => sum + end - start, 0);
  const gaps = Math.max(1, merged.length - 1);
  const longestGap = skipIdle ? Math.max(1, (busyMs * gapShare) / gaps) : Infinity;
  const knots: Knot[] = [];
  const breaks: IdleBreak[] = [];
  let axis = 0;
  let before: number | null = null;
  for (const { start, end } of merged) {
    if (before !== null) {
      const gap = start - before;
      const shown = gap - longestGap > leastSkippedMs ? longestGap : gap;
      if (shown < gap) {
        breaks.push({ at: axis + shown / 2, skippedMs: gap - shown });
      }
      axis += shown;
    }
    knots.push({ clock: start, axis });
    axis += end - start;
    knots.push({ clock: end, axis });
    before = end;
  }
  return new TimeAxis(knots, breaks);
}

/** Round distances for the marks of a scale: at most `maxTicks` of them in `length`. */
export function toTickStep(length: number, maxTicks: number): number {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3];
  const longer = [
    60e3, 120e3, 300e3, 600e3, 900e3, 1800e3, 3600e3, 7200e3, 21600e3, 43200e3, 86400e3,
  ];
  const wanted = length / Math.max(1, maxTicks);
  return (
    [...steps, ...longer].find((step) => step >= wanted) ?? Math.ceil(wanted / 86400e3) * 86400e3
  );
}

/** A place on an axis with a mark every `stepMs`: `0`, `1.5 s`, `5.25 s`, `2 min 5 s`. */
export function toTickText(ms: number, stepMs: number): string {
  if (ms < 999.5 || stepMs >= 1_000) {
    return ms === 0 ? '0' : toDurationText(ms);
  }
  const minutes = Math.floor(ms / 60_000);
  const digits = stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
  const seconds = Number(((ms % 60_000) / 1_000).toFixed(digits));
  return minutes > 0 ? `${minutes} min ${seconds} s` : `${seconds} s`;
}

function mergeIntervals(intervals: readonly Interval[]): readonly Interval[] {
  const merged: Interval[] = [];
  for (const { start, end } of intervals) {
    const last = merged.at(-1);
    if (last && start <= last.end) {
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, end) };
    } else {
      merged.push({ start, end: Math.max(start, end) });
    }
  }
  return merged;
}

function interpolate(
  value: number,
  from: readonly [number, number],
  to: readonly [number, number],
): number {
  const width = from[1] - from[0];
  // A point, or beyond either end of the axis: time passes one to one.
  if (width <= 0 || value < from[0] || value > from[1]) {
    return value > from[1] ? to[1] + value - from[1] : to[0] + Math.min(0, value - from[0]);
  }
  return to[0] + ((value - from[0]) / width) * (to[1] - to[0]);
}
