// Puts the views together: one screen whose lists scroll, and the states before there is a trace.

import { isUnderWay } from '../../src/core/summary';
import { toCountText } from '../../src/export/wording';
import { toAgentLabel, toAgentRow } from '../agentWords';
import { h, isSame, setChildren, setText } from '../dom';
import { highlightText } from '../highlight';
import { isAgentRun, type Snapshot, type View, type ViewActions } from '../snapshot';
import { createButton, createProgressRing } from '../toolkit';
import { verdictWord } from '../words';
import { createAgentDetail } from './agentDetail';
import { createApprovals } from './approvals';
import { createHeader } from './header';
import { createNotices } from './notices';
import { createSash } from './sash';
import { createSessionView } from './sessionView';
import { createStepDetail } from './stepDetail';
import { createStepList } from './stepList';
import { TimelineView } from './timelineView';
import { createToolbar } from './toolbar';
import { createVariablesView } from './variablesView';
import { t } from '../l10n';

export interface Frame extends View {
  focusSearch(): void;
  focusSteps(): void;
  focusDetail(): void;
  focusApprovals(): void;
  readonly zoom: (isIn: boolean) => void;
  readonly pan: (share: number) => void;
}

export function createFrame(actions: ViewActions): Frame {
  const timeline = new TimelineView(actions);
  const toolbar = createToolbar(actions);
  const list = createStepList(actions);
  const sash = createSash(actions);
  const detail = createStepDetail(actions);
  const agentDetail = createAgentDetail(actions);
  const approvals = createApprovals(actions);
  const variables = createVariablesView(actions);
  const session = createSessionView(actions);
  const always = [createHeader(actions), createNotices(actions), approvals, timeline, toolbar];
  const steps = h(
    'div',
    { class: 'steps', role: 'tabpanel', id: 'panel-steps', 'aria-labelledby': 'tab-steps' },
    list.element,
    sash.element,
    detail.element,
    agentDetail.element,
  );
  const states = createStates(actions);
  const panels = h(
    'main',
    { class: 'panels' },
    steps,
    variables.element,
    session.element,
    states.element,
  );
  const announcer = h('div', { class: 'unseen', 'aria-live': 'polite' });
  const element = h(
    'div',
    { class: 'frame' },
    ...always.map((view) => view.element),
    panels,
    announcer,
  );
  const highlight = createHighlighter();
  return {
    element,
    focusSearch: () => toolbar.focusSearch(),
    focusSteps: () => list.focus(),
    focusDetail: () => (detail.element.hidden ? agentDetail : detail).element.focus(),
    focusApprovals: () => approvals.focus(),
    zoom: (isIn) => timeline.zoom(isIn),
    pan: (share) => timeline.pan(share),
    update(snapshot: Snapshot): void {
      const { view, loading, version } = snapshot;
      const isAgent = isAgentRun(snapshot);
      const isEmpty = version === 0 && loading.kind !== 'complete';
      steps.hidden = isEmpty || view.tab !== 'steps';
      variables.element.hidden = isEmpty || isAgent || view.tab !== 'variables';
      session.element.hidden =
        isEmpty || !(view.tab === 'session' || (isAgent && view.tab === 'variables'));
      detail.element.hidden = isAgent;
      agentDetail.element.hidden = !isAgent;
      toolbar.element.hidden = isEmpty;
      steps.style.setProperty('--list-width', `${view.listWidth}px`);
      always.forEach((part) => part.update(snapshot));
      states.update(snapshot);
      if (!steps.hidden) {
        [list, sash, isAgent ? agentDetail : detail].forEach((part) => part.update(snapshot));
        highlight(snapshot, (isAgent ? agentDetail : detail).element);
      }
      if (!variables.element.hidden) {
        variables.update(snapshot);
      }
      if (!session.element.hidden) {
        session.update(snapshot);
      }
      setText(announcer, toAnnouncement(snapshot));
    },
  };
}

/** Only while steps are followed: otherwise the list itself says what is chosen. */
function toAnnouncement({ trace, view, status, loading }: Snapshot): string {
  if (!view.follow || !isUnderWay(status) || loading.kind !== 'complete') {
    return '';
  }
  const { last: entry } = trace.agent;
  if (entry) {
    return toAgentLabel(toAgentRow(entry, true));
  }
  const last = trace.steps.at(-1);
  return !last ? '' : `${t('Step {0}', last.step)}: ${verdictWord(trace.readVerdict(last))}`;
}

function createHighlighter(): (snapshot: Snapshot, detail: HTMLElement) => void {
  let shown: readonly unknown[] = [];
  return ({ view, trace }, detail) => {
    const step = view.step === null ? undefined : trace.findStep(view.step);
    const now = [view.text, step, view.call, view.entry];
    if (isSame(now, shown)) {
      return;
    }
    shown = now;
    highlightText(detail, view.text)?.startContainer.parentElement?.scrollIntoView({
      block: 'nearest',
    });
  };
}

/** Opening, reading, and what went wrong before anything could be shown. */
function createStates(actions: ViewActions): View {
  const element = h('div', { class: 'state', 'aria-live': 'polite' });
  let shown = '';
  return {
    element,
    update({ loading, version, trace, summary }: Snapshot): void {
      element.hidden = loading.kind === 'complete' || (loading.kind === 'failed' && version > 0);
      element.classList.toggle('is-beside', version > 0);
      const key = element.hidden ? '' : `${loading.kind} ${trace.steps.length}`;
      if (key === shown) {
        return;
      }
      shown = key;
      if (loading.kind === 'failed') {
        const { message, nextStep } = loading.failure;
        setChildren(element, [
          h('h2', {}, t('The trace cannot be shown')),
          h('p', {}, message),
          h('p', {}, nextStep),
          createButton({ label: t('Try again'), look: 'primary', onClick: () => actions.reload() }),
        ]);
      } else if (!element.hidden) {
        const done = trace.summary?.usage.steps ?? trace.steps.length;
        const [read, all] = [done, summary?.usage.steps ?? 0].map(toCountText);
        const text =
          version === 0
            ? t('Opening the trace…')
            : t('Reading step {0} of {1}…', read ?? '', all ?? '');
        setChildren(element, [createProgressRing(t('Reading')), h('p', {}, text)]);
      }
    },
  };
}
