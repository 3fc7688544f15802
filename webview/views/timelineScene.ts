// What the timeline's canvas shows, and where on it: lanes from top to bottom, time from left to right.

import type { Timeline } from '../model/timeline';

export interface TimelineScene {
  readonly timeline: Timeline;
  /** The shown part of the axis, in its own milliseconds. */
  readonly range: { readonly from: number; readonly to: number };
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly selectedStep: number | null;
  /** Of an agent. */
  readonly selectedEntry: number | null;
  readonly colours: TimelineColours;
  readonly font: string;
}

export const colourNames = [
  'ok',
  'error',
  'stopped',
  'running',
  'call',
  'child',
  'text',
  'muted',
  'line',
  'lane',
  'on-bar',
  'selected',
  'good',
] as const;
export type TimelineColours = Readonly<Record<(typeof colourNames)[number], string>>;

export const lanes = {
  gutter: 80,
  edge: 10,
  stepTop: 26,
  stepHeight: 20,
  callTop: 52,
  callHeight: 8,
  callPitch: 10,
  childHeight: 14,
  childPitch: 17,
  gap: 6,
  agentTop: 26,
  agentHeight: 13,
  agentPitch: 19,
} as const;

export function toChildTop({ callLanes }: Timeline): number {
  return lanes.callTop + (callLanes > 0 ? callLanes * lanes.callPitch + lanes.gap : 0);
}

export function toHeight(timeline: Timeline): number {
  if (timeline.agentLanes.length > 0) {
    return lanes.agentTop + timeline.agentLanes.length * lanes.agentPitch + lanes.gap;
  }
  return toChildTop(timeline) + timeline.childLanes * lanes.childPitch + lanes.gap;
}

/** From a place on the axis to a pixel, and back. */
export function createScale({ range, width }: Pick<TimelineScene, 'range' | 'width'>): {
  readonly toX: (axis: number) => number;
  readonly toAxis: (x: number) => number;
} {
  const plot = Math.max(1, width - lanes.gutter - lanes.edge);
  const span = range.to - range.from;
  return {
    toX: (axis) => lanes.gutter + ((axis - range.from) / span) * plot,
    toAxis: (x) => range.from + ((x - lanes.gutter) / plot) * span,
  };
}
