// Draws the timeline: lanes of bars on one axis, ticks, cut-out idle time, and marks. Keeps nothing.

import type { ModelAnswered } from '../../src/core/event';
import { showControls } from '../../src/base/visible';
import type { AgentBar, AgentLaneName } from '../model/agentTimeline';
import { type StepBar, findBar } from '../model/timeline';
import { toTickStep, toTickText } from '../model/timeAxis';
import type { MarkEvent, ShownVerdict } from '../model/trace';
import { toMarkText } from '../words';
import {
  type TimelineColours,
  type TimelineScene,
  createScale,
  lanes,
  toChildTop,
} from './timelineScene';
import { t } from '../l10n';

const agentLaneWords: Readonly<Record<AgentLaneName, string>> = {
  messages: t('Messages'),
  commands: t('Commands'),
  changes: t('Changes'),
  approvals: t('Approvals'),
  children: t('Children'),
};

export function drawTimeline(context: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { width, height, timeline, font } = scene;
  context.clearRect(0, 0, width, height);
  context.font = font;
  context.textBaseline = 'middle';
  drawLanes(context, scene);
  context.save();
  context.beginPath();
  context.rect(lanes.gutter - 5, 0, width - lanes.gutter - lanes.edge + 10, height);
  context.clip();
  drawTicks(context, scene);
  drawBreaks(context, scene);
  drawChildren(context, scene);
  drawSteps(context, scene);
  drawAgentBars(context, scene);
  for (const mark of timeline.marks) {
    drawMark(context, scene, mark);
  }
  context.restore();
}

function drawLanes(
  context: CanvasRenderingContext2D,
  { timeline, width, colours }: TimelineScene,
): void {
  const agentRows = timeline.agentLanes.map(
    ({ name }, index) =>
      [agentLaneWords[name], lanes.agentTop + index * lanes.agentPitch, lanes.agentHeight] as const,
  );
  const stepRows: readonly (readonly [string, number, number])[] = [
    [t('Steps'), lanes.stepTop, lanes.stepHeight],
    [t('Calls'), lanes.callTop, timeline.callLanes * lanes.callPitch - 2],
    [t('Children'), toChildTop(timeline), timeline.childLanes * lanes.childPitch - 3],
  ];
  for (const [label, top, height] of agentRows.length > 0 ? agentRows : stepRows) {
    if (height > 0) {
      context.fillStyle = colours.lane;
      context.fillRect(lanes.gutter, top, width - lanes.gutter - lanes.edge, height);
      context.fillStyle = colours.muted;
      context.textAlign = 'left';
      context.fillText(label, lanes.edge, top + height / 2);
    }
  }
}

function drawTicks(context: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { range, height, width, colours, timeline } = scene;
  const { toX } = createScale(scene);
  const step = toTickStep(range.to - range.from, (width - lanes.gutter) / 110);
  const start = timeline.axis.toClock(0);
  context.textAlign = 'left';
  for (let at = Math.ceil(range.from / step) * step; at <= range.to; at += step) {
    const x = Math.round(toX(at)) + 0.5;
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(x, 14);
    context.lineTo(x, height);
    context.stroke();
    const label = toTickText(timeline.axis.toClock(at) - start, step);
    if (x + 4 + context.measureText(label).width < width) {
      context.fillStyle = colours.muted;
      context.fillText(label, x + 4, 11);
    }
  }
}

/** Two slanted strokes, as on a broken axis. */
function drawBreaks(context: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { timeline, colours } = scene;
  const { toX } = createScale(scene);
  const middle = lanes.stepTop + lanes.stepHeight / 2;
  let lastX = -Infinity;
  context.strokeStyle = colours.muted;
  for (const { at } of timeline.axis.breaks) {
    const x = toX(at);
    if (x - lastX < 12) {
      continue;
    }
    lastX = x;
    context.beginPath();
    for (const offset of [-2, 2]) {
      context.moveTo(x + offset - 2, middle + 5);
      context.lineTo(x + offset + 2, middle - 5);
    }
    context.stroke();
  }
}

function drawSteps(context: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { timeline, range, colours, selectedStep } = scene;
  const { axis, steps } = timeline;
  const { toX } = createScale(scene);
  const end = axis.toClock(range.to);
  const painted = new PaintedLanes();
  let selected: StepBar | undefined;
  for (let index = findBar(steps, axis.toClock(range.from)); index < steps.length; index += 1) {
    const bar = steps[index];
    if (!bar || bar.start > end) {
      break;
    }
    const [left, right] = toEdges(toX(axis.toAxis(bar.start)), toX(axis.toAxis(bar.end)));
    if (painted.take('steps', left, right, bar.verdict !== 'ok')) {
      drawStep(context, { bar, left, right }, colours);
    }
    for (const { call, lane, start, end: callEnd } of bar.calls) {
      const [callLeft, callRight] = toEdges(toX(axis.toAxis(start)), toX(axis.toAxis(callEnd)));
      if (painted.take(`calls ${lane}`, callLeft, callRight, call.answer === null)) {
        drawCall(context, { call, lane, left: callLeft, right: callRight }, colours);
      }
    }
    if (bar.step.step === selectedStep) {
      selected = bar;
    }
  }
  if (selected) {
    const [left, right] = toEdges(toX(axis.toAxis(selected.start)), toX(axis.toAxis(selected.end)));
    context.strokeStyle = colours.selected;
    context.lineWidth = 2;
    context.strokeRect(left - 2, lanes.stepTop - 2, right - left + 4, lanes.stepHeight + 4);
    context.lineWidth = 1;
  }
}

function drawAgentBars(context: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { timeline, range, colours, selectedEntry } = scene;
  const { axis, agentLanes } = timeline;
  const { toX } = createScale(scene);
  const [from, to] = [axis.toClock(range.from), axis.toClock(range.to)];
  const painted = new PaintedLanes();
  for (const [index, { name, bars }] of agentLanes.entries()) {
    const top = lanes.agentTop + index * lanes.agentPitch;
    for (const bar of bars) {
      if (bar.end < from || bar.start > to) {
        continue;
      }
      const [left, right] = toEdges(toX(axis.toAxis(bar.start)), toX(axis.toAxis(bar.end)));
      const isSelected = bar.entry.number === selectedEntry;
      const standsOut = isSelected || bar.tone !== 'ok';
      if (painted.take(name, left, right, standsOut)) {
        context.fillStyle = colours[toAgentColour(name, bar)];
        context.fillRect(left, top, right - left, lanes.agentHeight);
      }
      if (isSelected) {
        context.strokeStyle = colours.selected;
        context.lineWidth = 2;
        context.strokeRect(left - 2, top - 2, right - left + 4, lanes.agentHeight + 4);
        context.lineWidth = 1;
      }
    }
  }
}

function toAgentColour(lane: AgentLaneName, { tone }: AgentBar): keyof TimelineColours {
  switch (tone) {
    case 'ok':
      return lane === 'approvals' || lane === 'children' ? 'child' : 'ok';
    case 'error':
      return 'error';
    case 'stopped':
    case 'waiting':
      return 'stopped';
    case 'running':
      return 'running';
    case 'muted':
      return lane === 'messages' ? 'call' : 'muted';
  }
}

interface PlacedStep {
  readonly bar: StepBar;
  readonly left: number;
  readonly right: number;
}

function drawStep(
  context: CanvasRenderingContext2D,
  { bar, left, right }: PlacedStep,
  colours: TimelineColours,
): void {
  context.fillStyle = colours[toColourName(bar.verdict)];
  context.fillRect(left, lanes.stepTop, right - left, lanes.stepHeight);
  if (bar.step.stop !== null) {
    // A guardrail stopped the session here: an edge that does not depend on colour alone.
    context.fillStyle = colours.stopped;
    context.fillRect(right, lanes.stepTop - 4, 3, lanes.stepHeight + 8);
  }
  const label = String(bar.step.step);
  if (right - left > label.length * 7 + 6) {
    context.fillStyle = colours['on-bar'];
    context.textAlign = 'center';
    context.fillText(label, (left + right) / 2, lanes.stepTop + lanes.stepHeight / 2 + 1);
  }
}

interface PlacedCall {
  readonly call: ModelAnswered;
  readonly lane: number;
  readonly left: number;
  readonly right: number;
}

function drawCall(
  context: CanvasRenderingContext2D,
  { call, lane, left, right }: PlacedCall,
  colours: TimelineColours,
): void {
  context.fillStyle = call.answer === null ? colours.error : colours.call;
  const top = lanes.callTop + lane * lanes.callPitch;
  context.fillRect(left, top, right - left, lanes.callHeight);
}

function drawChildren(context: CanvasRenderingContext2D, scene: TimelineScene): void {
  const { timeline, colours } = scene;
  const { toX } = createScale(scene);
  const top = toChildTop(timeline);
  for (const { child, lane, start, end } of timeline.children) {
    const [left, right] = toEdges(toX(timeline.axis.toAxis(start)), toX(timeline.axis.toAxis(end)));
    const y = top + lane * lanes.childPitch;
    context.fillStyle = colours.child;
    context.fillRect(left, y, right - left, lanes.childHeight);
    const visible = Math.max(left, lanes.gutter);
    if (right - visible > 40) {
      context.save();
      context.beginPath();
      context.rect(visible, y, right - visible, lanes.childHeight);
      context.clip();
      context.fillStyle = colours['on-bar'];
      context.textAlign = 'left';
      context.fillText(showControls(child.title), visible + 4, y + lanes.childHeight / 2 + 1);
      context.restore();
    }
  }
}

function drawMark(context: CanvasRenderingContext2D, scene: TimelineScene, mark: MarkEvent): void {
  const { timeline, colours, height } = scene;
  const x = Math.round(createScale(scene).toX(timeline.axis.toAxis(mark.at))) + 0.5;
  const { tone } = toMarkText(mark);
  const colour = { muted: colours.muted, good: colours.good, warning: colours.stopped }[tone];
  context.fillStyle = colour;
  context.strokeStyle = colour;
  context.beginPath();
  context.setLineDash([3, 3]);
  context.moveTo(x, 20);
  context.lineTo(x, height);
  context.stroke();
  context.setLineDash([]);
  if (mark.kind === 'session.stopped') {
    context.fillRect(x - 4, 15, 8, 8);
  } else {
    context.beginPath();
    context.moveTo(x - 5, 15);
    context.lineTo(x + 5, 15);
    context.lineTo(x, 23);
    context.fill();
  }
}

function toColourName(verdict: ShownVerdict): keyof TimelineColours {
  return verdict === 'unfinished' ? 'muted' : verdict;
}

/** Never thinner than can be seen and pointed at. */
function toEdges(left: number, right: number): readonly [number, number] {
  return [left, Math.max(right, left + 3)];
}

/** Of thousands of bars on one pixel only the first is painted, and each that stands out. */
class PaintedLanes {
  readonly #rightOf = new Map<string, number>();

  take(lane: string, left: number, right: number, standsOut: boolean): boolean {
    if (right - 1 < (this.#rightOf.get(lane) ?? -Infinity) && !standsOut) {
      return false;
    }
    this.#rightOf.set(lane, right);
    return true;
  }
}
