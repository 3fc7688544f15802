// The timeline as a part of the viewer. The step list says the same to a screen reader; here the canvas
// is one control that moves through the steps.

import { isUnderWay } from '../../src/core/summary';
import { toAgentLabel, toAgentRow } from '../agentWords';
import { h, isSame, setAttributes, setChildren, setText } from '../dom';
import { type Timeline, createTimeline } from '../model/timeline';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { type CheckControl, createButton, createCheckbox } from '../toolkit';
import { verdictWord } from '../words';
import { drawTimeline } from './timelineCanvas';
import { listenToPointer } from './timelinePointer';
import {
  type TimelineColours,
  type TimelineScene,
  colourNames,
  createScale,
  lanes,
  toHeight,
} from './timelineScene';
import { findTarget } from './timelineTargets';
import { t } from '../l10n';

const leastShare = 1e-6;
const zoomFactor = 1.6;

export class TimelineView implements View {
  readonly element: HTMLElement;
  readonly #actions: ViewActions;
  readonly #canvas: HTMLCanvasElement;
  readonly #tip = h('div', { class: 'timeline-tip', role: 'tooltip', hidden: true });
  readonly #plot: HTMLElement;
  readonly #legend = h('ul', { class: 'legend', 'aria-hidden': 'true' });
  readonly #skipIdle: CheckControl;
  #snapshot: Snapshot | null = null;
  #timeline: Timeline | null = null;
  #builtFrom: readonly unknown[] = [];
  #drawnFrom: readonly unknown[] = [];
  #shownStep: number | null = null;
  #colours: TimelineColours | null = null;
  #width = 0;

  constructor(actions: ViewActions) {
    this.#actions = actions;
    this.#canvas = createCanvas();
    this.#skipIdle = createCheckbox(t('Skip idle time'), (skipIdle) =>
      actions.change({ skipIdle }),
    );
    this.#plot = h('div', { class: 'timeline-plot' }, this.#canvas, this.#tip);
    const showAll = (): void => actions.change({ from: 0, to: 1 });
    this.element = h(
      'section',
      { class: 'timeline', 'aria-label': t('Timeline') },
      h(
        'div',
        { class: 'timeline-head' },
        this.#legend,
        this.#skipIdle,
        createButton({ label: t('Zoom out'), icon: 'dash', onClick: () => this.zoom(false) }),
        createButton({ label: t('Zoom in'), icon: 'plus', onClick: () => this.zoom(true) }),
        createButton({ label: t('Show all'), icon: 'fit', onClick: showAll }),
      ),
      this.#plot,
    );
    this.#listen();
  }

  update(snapshot: Snapshot): void {
    const { trace, view, standing, version, now } = snapshot;
    this.#snapshot = snapshot;
    const isEmpty = trace.steps.length === 0 && trace.agent.last === null;
    this.element.hidden = !view.timeline || isEmpty;
    if (this.element.hidden) {
      return;
    }
    const isLive = isUnderWay(snapshot.status) && snapshot.summary?.running === true;
    const from = [version, standing.children, view.skipIdle, isLive ? now : 0];
    if (!isSame(from, this.#builtFrom)) {
      this.#builtFrom = from;
      this.#timeline = createTimeline(trace, standing.children, { skipIdle: view.skipIdle, now });
    }
    this.#skipIdle.checked = view.skipIdle;
    const drawn = [this.#timeline, view.from, view.to, view.step, view.entry];
    if (!isSame(drawn, this.#drawnFrom)) {
      this.#drawnFrom = drawn;
      describe(this.#canvas, snapshot);
      fillLegend(this.#legend, trace.agent.last !== null);
      this.#redraw();
    }
    this.#followStep(view.step);
  }

  /** In or out, around the chosen step when it is in view. */
  zoom(isIn: boolean): void {
    const { from, to } = this.#shares();
    const chosen = this.#shareOf(this.#snapshot?.view.step ?? null);
    const isInView = chosen !== null && chosen >= from && chosen <= to;
    this.#zoomAround(isInView ? chosen : (from + to) / 2, isIn ? 1 / zoomFactor : zoomFactor);
  }

  /** By a share of what is shown; positive: to later. */
  pan(share: number): void {
    const { from, to } = this.#shares();
    this.#move(from + share * (to - from), to - from);
  }

  #listen(): void {
    new ResizeObserver(() => this.#redraw()).observe(this.#plot);
    new MutationObserver(() => {
      this.#colours = null;
      this.#redraw();
    }).observe(document.body, { attributeFilter: ['class', 'data-vscode-theme-id'] });
    listenToPointer(this.#canvas, {
      zoomAt: (x, factor) => this.#zoomAt(x, factor),
      panPixels: (pixels) => this.pan(pixels / this.#plotWidth()),
      point: (x, y) => this.#point(x, y),
      choose: (x, y) => {
        const scene = this.#toScene();
        const target = scene && findTarget(scene, { x, y }, this.#actions);
        target?.choose();
      },
    });
    this.#canvas.addEventListener('keydown', (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (move !== undefined) {
        event.preventDefault();
        this.#chooseNeighbour(move);
      }
    });
  }

  #chooseNeighbour(move: number): void {
    const { trace, view } = this.#snapshot ?? {};
    const entries = trace?.agent.last ? trace.entries.filter(({ kind }) => kind === 'agent') : [];
    const index = entries.findIndex((one) => one.kind === 'agent' && one.number === view?.entry);
    const entry = entries[index + move];
    if (entry?.kind === 'agent') {
      this.#actions.showEntry(entry.number);
      return;
    }
    const steps = this.#snapshot?.trace.steps ?? [];
    const next = steps[steps.findIndex(({ step }) => step === this.#snapshot?.view.step) + move];
    if (next) {
      this.#actions.showStep(next.step);
    }
  }

  #shares(): { readonly from: number; readonly to: number } {
    return this.#snapshot?.view ?? { from: 0, to: 1 };
  }

  /** Where a step begins, from 0 to 1. */
  #shareOf(step: number | null): number | null {
    const bar = this.#timeline?.steps.find((one) => one.step.step === step);
    return bar && this.#timeline
      ? this.#timeline.axis.toAxis(bar.start) / this.#timeline.axis.length
      : null;
  }

  #zoomAround(center: number, factor: number): void {
    const { from, to } = this.#shares();
    const size = Math.min(1, Math.max(leastShare, (to - from) * factor));
    this.#move(center - ((center - from) / (to - from)) * size, size);
  }

  #zoomAt(x: number, factor: number): void {
    const scene = this.#toScene();
    if (scene) {
      this.#zoomAround(createScale(scene).toAxis(x) / scene.timeline.axis.length, factor);
    }
  }

  #move(from: number, size: number): void {
    const start = Math.min(1 - size, Math.max(0, from));
    this.#actions.change({ from: start, to: start + size });
  }

  #plotWidth(): number {
    return Math.max(1, this.#width - lanes.gutter - lanes.edge);
  }

  #point(x: number, y: number): boolean {
    const scene = this.#toScene();
    const target = scene && x >= 0 ? findTarget(scene, { x, y }, this.#actions) : null;
    this.#tip.hidden = target === null;
    if (target) {
      setText(this.#tip, target.text);
      const right = this.#width - this.#tip.offsetWidth - 4;
      this.#tip.style.left = `${Math.max(0, Math.min(x + 12, right))}px`;
      this.#tip.style.top = `${y + 18}px`;
    }
    return target !== null;
  }

  #toScene(): TimelineScene | null {
    const [timeline, view] = [this.#timeline, this.#snapshot?.view];
    if (!timeline || !view || this.#width === 0) {
      return null;
    }
    const { length } = timeline.axis;
    this.#colours ??= readColours(this.element);
    return {
      timeline,
      range: { from: view.from * length, to: view.to * length },
      width: this.#width,
      height: toHeight(timeline),
      selectedStep: view.step,
      selectedEntry: view.entry,
      colours: this.#colours,
      font: `11px ${getComputedStyle(document.body).fontFamily}`,
    };
  }

  #redraw(): void {
    this.#width = this.#plot.clientWidth;
    const scene = this.#toScene();
    const context = this.#canvas.getContext('2d');
    if (!scene || !context) {
      return;
    }
    const ratio = window.devicePixelRatio;
    this.#canvas.width = Math.round(scene.width * ratio);
    this.#canvas.height = Math.round(scene.height * ratio);
    this.#canvas.style.height = `${scene.height}px`;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawTimeline(context, scene);
  }

  /** A step chosen elsewhere comes into view. */
  #followStep(step: number | null): void {
    const { from, to } = this.#shares();
    const at = step === this.#shownStep || to - from >= 1 ? null : this.#shareOf(step);
    this.#shownStep = step;
    if (at !== null && (at < from || at > to)) {
      this.#move(at - (to - from) / 2, to - from);
    }
  }
}

function createCanvas(): HTMLCanvasElement {
  return h('canvas', {
    class: 'timeline-canvas',
    tabindex: 0,
    role: 'slider',
    'aria-label': t('Timeline, arrow keys choose a step'),
    'aria-orientation': 'horizontal',
  });
}

function describe(canvas: HTMLElement, { trace, view, status }: Snapshot): void {
  const { steps, agent } = trace;
  const entry = view.entry === null ? undefined : agent.find(view.entry);
  if (agent.last) {
    setAttributes(canvas, {
      'aria-label': t('Timeline, arrow keys choose an entry'),
      'aria-valuemin': 0,
      'aria-valuemax': agent.last.number,
      'aria-valuenow': view.entry ?? 0,
      'aria-valuetext': entry
        ? toAgentLabel(toAgentRow(entry, isUnderWay(status)))
        : t('No entry chosen'),
    });
    return;
  }
  const step = view.step === null ? undefined : trace.findStep(view.step);
  setAttributes(canvas, {
    'aria-valuemin': steps[0]?.step ?? 0,
    'aria-valuemax': steps.at(-1)?.step ?? 0,
    'aria-valuenow': view.step ?? steps[0]?.step ?? 0,
    'aria-valuetext': step
      ? `${t('Step {0}', step.step)}, ${verdictWord(trace.readVerdict(step))}`
      : t('No step chosen'),
  });
}

function fillLegend(legend: HTMLElement, isAgent: boolean): void {
  if (legend.dataset['of'] === String(isAgent)) {
    return;
  }
  legend.dataset['of'] = String(isAgent);
  const entries = [
    ['ok', t('OK')],
    ['error', t('Error')],
    ['stopped', isAgent ? t('Refused or waiting') : t('Stopped')],
    ['call', isAgent ? t('Said') : t('Model call')],
    ['child', isAgent ? t('Approved') : t('Child session')],
  ] as const;
  setChildren(
    legend,
    entries.map(([tone, label]) => h('li', { 'data-tone': tone }, label)),
  );
}

function readColours(element: HTMLElement): TimelineColours {
  const style = getComputedStyle(element);
  const entries = colourNames.map((name) => [
    name,
    style.getPropertyValue(`--timeline-${name}`).trim(),
  ]);
  return Object.fromEntries(entries) as TimelineColours; // one entry for each name
}
