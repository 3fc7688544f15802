// What is under the pointer in the timeline, and what choosing it does.

import { showControls } from '../../src/base/visible';
import { toDurationText } from '../../src/export/wording';
import { toAgentRow } from '../agentWords';
import { type CallBar, type StepBar, findBar } from '../model/timeline';
import type { ViewActions } from '../snapshot';
import { statusWord, toExcerpt, toMarkText, toTitle, verdictWord } from '../words';
import { type TimelineScene, createScale, lanes, toChildTop } from './timelineScene';
import { t, toPlural } from '../l10n';

export interface Target {
  readonly text: string;
  readonly choose: () => void;
}

/** CSS pixels in the canvas. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

const pointerSlack = 3;
const markSlack = 6;

export function findTarget(
  scene: TimelineScene,
  point: Point,
  actions: ViewActions,
): Target | null {
  return (
    findEntry(scene, point, actions) ??
    findMark(scene, point) ??
    findChild(scene, point, actions) ??
    findStepOrCall(scene, point, actions)
  );
}

function findEntry(scene: TimelineScene, { x, y }: Point, actions: ViewActions): Target | null {
  const { axis, agentLanes } = scene.timeline;
  const { toX } = createScale(scene);
  const lane = agentLanes[Math.floor((y - lanes.agentTop) / lanes.agentPitch)];
  const found = lane?.bars.findLast(
    ({ start, end }) =>
      x >= toX(axis.toAxis(start)) - pointerSlack && x <= toX(axis.toAxis(end)) + pointerSlack,
  );
  if (!found) {
    return null;
  }
  const { entry, tone } = found;
  const { title, facts } = toAgentRow(entry, tone === 'running' || tone === 'waiting');
  const text = showControls(facts === '' ? title : `${facts}\n${title}`);
  return { text, choose: () => actions.showEntry(entry.number) };
}

function findMark(scene: TimelineScene, { x, y }: Point): Target | null {
  const { toX } = createScale(scene);
  const { axis, marks } = scene.timeline;
  const isNear = (at: number): boolean => Math.abs(toX(axis.toAxis(at)) - x) < markSlack;
  const mark = y < lanes.stepTop - 2 ? marks.find(({ at }) => isNear(at)) : undefined;
  if (!mark) {
    return null;
  }
  const { title, detail } = toMarkText(mark);
  return { text: showControls(`${title}\n${detail}`.trim()), choose: () => undefined };
}

function findChild(scene: TimelineScene, { x, y }: Point, actions: ViewActions): Target | null {
  const { axis, children } = scene.timeline;
  const { toX } = createScale(scene);
  const lane = Math.floor((y - toChildTop(scene.timeline)) / lanes.childPitch);
  const found = children.find(
    ({ lane: own, start, end }) =>
      own === lane &&
      x >= toX(axis.toAxis(start)) - pointerSlack &&
      x <= toX(axis.toAxis(end)) + pointerSlack,
  );
  if (!found) {
    return null;
  }
  const { title, status, usage, sessionId } = found.child;
  const facts = `${statusWord(status)} · ${toPlural(usage.steps, 'step')}`;
  const text = `${toTitle(title)}\n${t('Child session')} · ${facts}`;
  return { text, choose: () => actions.ask('openTrace', { sessionId }) };
}

function findStepOrCall(
  scene: TimelineScene,
  { x, y }: Point,
  actions: ViewActions,
): Target | null {
  const { axis, steps } = scene.timeline;
  const { toAxis } = createScale(scene);
  if (y < lanes.stepTop - 2 || y > toChildTop(scene.timeline)) {
    return null;
  }
  const earliest = axis.toClock(toAxis(x - pointerSlack));
  const latest = axis.toClock(toAxis(x + pointerSlack));
  const bar = steps[findBar(steps, earliest)];
  if (!bar) {
    return null;
  }
  const lane = Math.floor((y - lanes.callTop) / lanes.callPitch);
  const call = bar.calls.find(
    (one) => one.lane === lane && one.start <= latest && one.end >= earliest,
  );
  if (call) {
    return toCallTarget(bar, call, actions);
  }
  return bar.start <= latest ? toStepTarget(bar, actions) : null;
}

function toStepTarget({ step, verdict, start, end }: StepBar, actions: ViewActions): Target {
  const duration = toDurationText(step.outcome?.durationMs ?? end - start);
  const name = t('Step {0}', step.step);
  const text = `${name} · ${verdictWord(verdict)} · ${duration}\n${toExcerpt(step)}`;
  return { text: showControls(text), choose: () => actions.showStep(step.step) };
}

function toCallTarget({ step }: StepBar, { call }: CallBar, actions: ViewActions): Target {
  const { model, durationMs, answer } = call;
  const facts = `${model} · ${toDurationText(durationMs)}${answer === null ? ` · ${t('Failed')}` : ''}`;
  const index = step.calls.indexOf(call);
  const name =
    index < 0
      ? t('Step {0}, thinking', step.step)
      : t('Step {0}, call {1}', step.step, call.call + 1);
  const text = showControls(`${name}\n${facts}`);
  return { text, choose: () => actions.showStep(step.step, Math.max(0, index)) };
}
