// The list of all that happened: steps, what an agent did, marks between them, and child sessions.

import { showControls } from '../../src/base/visible';
import { toDurationText } from '../../src/export/wording';
import { createIcon, h, setAttributes, setText } from '../dom';
import { isUnderWay } from '../../src/core/summary';
import { toAgentLabel, toAgentRow } from '../agentWords';
import { icons, type IconName } from '../icons';
import type { AgentEntry } from '../model/agentEntries';
import type { Row } from '../model/rows';
import type { ShownVerdict } from '../model/trace';
import type { Snapshot, View, ViewActions } from '../snapshot';
import type { ViewState } from '../viewState';
import { VirtualList } from '../virtualList';
import {
  statusWord,
  toClockText,
  toExcerpt,
  toMarkText,
  toStepFacts,
  toTitle,
  verdictIcons,
  verdictWord,
} from '../words';
import { t } from '../l10n';

const rowHeight = 44;

/** What one row shows. */
interface RowText {
  readonly icon: IconName;
  readonly tone: string;
  readonly number: string;
  readonly title: string;
  readonly isCode: boolean;
  readonly facts: string;
  readonly time: string;
  readonly label: string;
}

export interface StepListView extends View {
  focus(): void;
}

export function createStepList(actions: ViewActions): StepListView {
  let snapshot: Snapshot | null = null;
  let shownSelection: number | null = null;
  let shownCount = 0;
  const list = new VirtualList({
    id: 'steps',
    label: t('Steps'),
    rowHeight,
    createRow,
    fillRow(row, index) {
      const shown = snapshot?.rows[index];
      if (shown && snapshot) {
        fillRow(row, toRowText(shown, snapshot), shown.kind);
      }
    },
    // Marks and child sessions lead elsewhere, which only a click may do.
    isStop: (index) => isSelectable(snapshot?.rows[index]),
    onSelect(index) {
      selectRow(snapshot?.rows ?? [], index, actions);
    },
    onOpen(index) {
      openRow(snapshot?.rows[index], actions);
    },
    onScroll: (listScroll) => actions.remember({ listScroll }),
  });
  const note = h('p', { class: 'list-note', role: 'status' });
  let isRestored = false;
  return {
    element: h('div', { class: 'step-list' }, note, list.element),
    focus: () => list.element.focus(),
    update(next: Snapshot): void {
      snapshot = next;
      const { rows, view } = next;
      const selected = findSelected(rows, view);
      const selection = next.summary?.agent ? view.entry : view.step;
      setAttributes(list.element, {
        'aria-label': next.summary?.agent ? t('Activity') : t('Steps'),
      });
      list.update(rows.length, selected);
      setText(note, toListNote(next));
      note.hidden = note.textContent === '';
      if (!isRestored && next.loading.kind === 'complete') {
        isRestored = true;
        list.scrollTo(view.listScroll);
        list.reveal(selected);
      } else if (
        selected >= 0 &&
        (selection !== shownSelection || (view.follow && rows.length !== shownCount))
      ) {
        list.reveal(selected);
      }
      shownSelection = selection;
      shownCount = rows.length;
    },
  };
}

/** Marks are told of in the session's own part; a child session has a trace of its own. */
function selectRow(rows: readonly Row[], index: number, actions: ViewActions): void {
  const row = rows[index];
  if (row?.kind === 'step') {
    actions.showStep(row.step);
  } else if (row?.kind === 'agent') {
    actions.showEntry(row.number);
  } else if (row?.kind === 'mark') {
    actions.change({ tab: 'session' });
  } else if (row) {
    actions.ask('openTrace', { sessionId: row.child.sessionId });
  }
}

function isSelectable(row: Row | undefined): boolean {
  return row?.kind === 'step' || row?.kind === 'agent';
}

function openRow(row: Row | undefined, actions: ViewActions): void {
  if (row?.kind === 'step' || row?.kind === 'agent') {
    selectRow([row], 0, actions);
    document.getElementById('detail')?.focus();
  }
}

function findSelected(rows: readonly Row[], { step, entry }: ViewState): number {
  return rows.findIndex(
    (row) =>
      (row.kind === 'step' && row.step === step) || (row.kind === 'agent' && row.number === entry),
  );
}

function toListNote({ rows, trace, summary }: Snapshot): string {
  if (rows.length > 0 || trace.entries.length === 0) {
    return '';
  }
  return summary?.agent ? t('Nothing matches this search.') : t('No step matches this search.');
}

function createRow(): HTMLElement {
  return h(
    'div',
    { class: 'row' },
    h('span', { class: 'row-icon' }, createIcon(icons.dash)),
    h('span', { class: 'row-number' }),
    h('span', { class: 'row-title' }),
    h('span', { class: 'row-time' }),
    h('span', { class: 'row-facts' }),
  );
}

function fillRow(row: HTMLElement, text: RowText, kind: Row['kind']): void {
  const [icon, number, title, time, facts] = row.children;
  if (!icon || !number || !title || !time || !facts) {
    return;
  }
  setAttributes(row, { 'data-kind': kind, 'data-tone': text.tone, 'aria-label': text.label });
  icon.querySelector('path')?.setAttribute('d', icons[text.icon]);
  setText(number, text.number);
  setText(title, text.title);
  title.classList.toggle('is-code', text.isCode);
  setText(time, text.time);
  setText(facts, text.facts);
}

function toRowText(row: Row, snapshot: Snapshot): RowText {
  const { trace, now } = snapshot;
  if (row.kind === 'step') {
    const verdict = trace.readVerdict(row);
    const title = showControls(toExcerpt(row));
    const facts = showControls(toStepFacts(row, verdict));
    const time = toStepTime(verdict, row.outcome?.durationMs ?? null, now - (row.startedAt ?? now));
    const number = row.step === 0 ? '' : String(row.step);
    const label = `${t('Step {0}', row.step)}, ${verdictWord(verdict)}, ${time}, ${facts}: ${title}`;
    return {
      icon: verdictIcons[verdict],
      tone: verdict,
      number,
      title,
      isCode: true,
      facts,
      time,
      label,
    };
  }
  if (row.kind === 'agent') {
    return toAgentRowText(row, snapshot);
  }
  if (row.kind === 'mark') {
    const { icon, tone, ...text } = toMarkText(row.event);
    const title = showControls(text.title);
    const facts = showControls(text.detail);
    const time = toClockText(row.event.at);
    const label = `${title}, ${facts}, ${time}`;
    return { icon, tone, number: '', title, isCode: false, facts, time, label };
  }
  const { title: name, status, createdAt } = row.child;
  const title = toTitle(name);
  const facts = `${t('Child session')} · ${statusWord(status)}`;
  const time = toClockText(createdAt);
  const label = `${facts}: ${title}`;
  return { icon: 'branch', tone: 'child', number: '', title, isCode: false, facts, time, label };
}

function toAgentRowText(row: AgentEntry, { status, now }: Snapshot): RowText {
  const isLive = isUnderWay(status);
  const text = toAgentRow(row, isLive);
  const { icon, tone, isCode } = text;
  const [title, facts] = [showControls(text.title), showControls(text.facts)];
  const time = tone === 'running' ? toRunningText(now - row.first.at) : toClockText(row.first.at);
  const label = `${toAgentLabel(text)}, ${time}`;
  return { icon, tone, number: '', title, isCode, facts, time, label };
}

function toRunningText(runningMs: number): string {
  return toDurationText(Math.max(0, runningMs));
}

function toStepTime(verdict: ShownVerdict, durationMs: number | null, runningMs: number): string {
  if (durationMs !== null) {
    return toDurationText(durationMs);
  }
  return verdict === 'running' ? toRunningText(runningMs) : '';
}
