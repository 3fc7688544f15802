// What the timeline draws: steps, their sub-model calls and child sessions, or what an agent did, in lanes on one axis.

import type { ModelAnswered } from '../../src/core/event';
import { isUnderWay, type Summary } from '../../src/core/summary';
import { type AgentLane, toAgentLanes } from './agentTimeline';
import { type Interval, type TimeAxis, createTimeAxis } from './timeAxis';
import type { MarkEvent, ShownVerdict, Trace, TraceStep } from './trace';

export interface CallBar extends Interval {
  readonly call: ModelAnswered;
  readonly lane: number;
}

export interface StepBar extends Interval {
  readonly step: TraceStep;
  readonly verdict: ShownVerdict;
  readonly calls: readonly CallBar[];
}

export interface ChildBar extends Interval {
  readonly child: Summary;
  readonly lane: number;
}

export interface Timeline {
  readonly axis: TimeAxis;
  /** By start. */
  readonly steps: readonly StepBar[];
  readonly callLanes: number;
  readonly children: readonly ChildBar[];
  readonly childLanes: number;
  readonly marks: readonly MarkEvent[];
  /** Of an agent, which has no steps. */
  readonly agentLanes: readonly AgentLane[];
}

export interface TimelineOptions {
  readonly skipIdle: boolean;
  /** Epoch ms, where what still runs ends for now. */
  readonly now: number;
}

const maxLanes = 6;
const barsOfFinishedSteps = new WeakMap<TraceStep, StepBar>();

export function createTimeline(
  trace: Trace,
  children: readonly Summary[],
  { skipIdle, now }: TimelineOptions,
): Timeline {
  const steps = trace.steps.map((step) => toStepBar(step, trace.readVerdict(step), now));
  // An agent's own events say when it had a child.
  const childBars = trace.summary?.agent ? [] : toChildBars(children, now);
  const marks = trace.entries.flatMap((entry) => (entry.kind === 'mark' ? [entry.event] : []));
  const thinking = steps.flatMap(({ start, calls }) => calls.filter((call) => call.start < start));
  const isLive = trace.summary !== null && isUnderWay(trace.summary.status);
  const agentLanes = toAgentLanes(trace.entries, isLive ? now : null);
  const busy = [
    ...agentLanes.flatMap(({ bars }) => bars),
    ...steps,
    ...thinking,
    ...childBars,
    ...marks.map(({ at }) => ({ start: at, end: at })),
  ];
  return {
    axis: createTimeAxis(
      busy.sort((left, right) => left.start - right.start),
      skipIdle,
    ),
    steps,
    callLanes: steps.reduce((most, { calls }) => Math.max(most, countLanes(calls)), 0),
    children: childBars,
    childLanes: countLanes(childBars),
    marks,
    agentLanes,
  };
}

/** The first bar that ends at or after `at`, by halving. */
export function findBar(bars: readonly StepBar[], at: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bars[middle]?.end ?? 0) < at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function toStepBar(step: TraceStep, verdict: ShownVerdict, now: number): StepBar {
  const known = barsOfFinishedSteps.get(step);
  if (known?.verdict === verdict && verdict !== 'running') {
    return known;
  }
  const firstCallAt = step.calls[0]?.at ?? now;
  const start = step.startedAt ?? step.finishedAt ?? firstCallAt;
  const lastCallAt = step.calls.at(-1)?.at ?? start;
  const end = verdict === 'running' ? now : (step.finishedAt ?? lastCallAt);
  const bar = { step, verdict, start, end: Math.max(start, end), calls: toCallBars(step, start) };
  barsOfFinishedSteps.set(step, bar);
  return bar;
}

function toCallBars(step: TraceStep, stepStart: number): readonly CallBar[] {
  const bars = [...step.thinking, ...step.calls]
    .map((call) => {
      const start = call.at - call.durationMs;
      // Clocks differ by a little: what the step's code asked for began within it.
      return {
        call,
        start: call.purpose === 'loop' ? start : Math.max(stepStart, start),
        end: call.at,
      };
    })
    .sort((left, right) => left.start - right.start);
  return placeInLanes(bars);
}

function toChildBars(children: readonly Summary[], now: number): readonly ChildBar[] {
  const bars = children
    .map((child) => ({
      child,
      start: child.createdAt,
      end: Math.max(child.createdAt, isUnderWay(child.status) ? now : child.updatedAt),
    }))
    .sort((left, right) => left.start - right.start);
  return placeInLanes(bars);
}

/** Each in the first lane that is free; what finds none shares the last. */
function placeInLanes<T extends Interval>(
  bars: readonly T[],
): readonly (T & { readonly lane: number })[] {
  const freeAt: number[] = [];
  return bars.map((bar) => {
    const free = freeAt.findIndex((at) => at <= bar.start);
    const lane = free >= 0 ? free : Math.min(freeAt.length, maxLanes - 1);
    freeAt[lane] = Math.max(freeAt[lane] ?? 0, bar.end);
    return { ...bar, lane };
  });
}

function countLanes(bars: readonly { readonly lane: number }[]): number {
  return bars.reduce((most, { lane }) => Math.max(most, lane + 1), 0);
}
