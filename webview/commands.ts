// What the keys do.

import type { KeyCommand } from './keys';
import { isUnderWay } from '../src/core/summary';
import type { Row } from './model/rows';
import { toLiveTone } from './agentWords';
import type { Snapshot, ViewActions } from './snapshot';
import type { Frame } from './views/frame';

export interface CommandParts {
  readonly snapshot: Snapshot;
  readonly actions: ViewActions;
  readonly frame: Frame;
}

const panShare = 0.25;

export function obey(command: KeyCommand, { snapshot, actions, frame }: CommandParts): void {
  const { change } = actions;
  const { view, rows } = snapshot;
  const stops = rows.filter(isStop);
  const at = stops.findIndex((row) =>
    row.kind === 'step' ? row.step === view.step : row.number === view.entry,
  );
  const isProblem = (row: Stop): boolean => isProblemRow(row, snapshot);
  const show = (row: Stop | undefined): void => {
    if (row?.kind === 'step') {
      actions.showStep(row.step);
    } else if (row) {
      actions.showEntry(row.number);
    }
  };
  const orders: Readonly<Record<KeyCommand, () => void>> = {
    next: () => show(stops[at + 1]),
    previous: () => show(stops[at - 1]),
    first: () => show(stops[0]),
    last: () => show(stops.at(-1)),
    nextProblem: () => show(stops.slice(at + 1).find(isProblem)),
    previousProblem: () => show(stops.slice(0, Math.max(0, at)).findLast(isProblem)),
    openStep: () => frame.focusDetail(),
    approvals: () => frame.focusApprovals(),
    search: () => {
      change({ tab: 'steps' });
      frame.focusSearch();
    },
    clear: () => {
      change({ text: '', filter: 'all', scope: 'all' });
      frame.focusSteps();
    },
    steps: () => change({ tab: 'steps' }),
    variables: () => change({ tab: snapshot.summary?.agent ? 'session' : 'variables' }),
    session: () => change({ tab: 'session' }),
    timeline: () => change({ timeline: !view.timeline }),
    follow: () => change({ follow: !view.follow }),
    zoomIn: () => frame.zoom(true),
    zoomOut: () => frame.zoom(false),
    zoomAll: () => change({ from: 0, to: 1 }),
    panLeft: () => frame.pan(-panShare),
    panRight: () => frame.pan(panShare),
    copyLink: () => actions.ask('copyLink', { step: toLinkedStep(snapshot) }),
    help: () => actions.openHelp(),
  };
  orders[command]();
}

type Stop = Extract<Row, { readonly kind: 'step' | 'agent' }>;

function isStop(row: Row): row is Stop {
  return row.kind === 'step' || row.kind === 'agent';
}

function isProblemRow(row: Stop, { trace, status }: Snapshot): boolean {
  const tone = row.kind === 'step' ? trace.readVerdict(row) : toLiveTone(row, isUnderWay(status));
  return ['error', 'stopped', 'waiting'].includes(tone);
}

function toLinkedStep({ trace, view, summary }: Snapshot): number | null {
  const entry = view.entry === null ? undefined : trace.agent.find(view.entry);
  return summary?.agent ? (entry?.last.step ?? null) : view.step;
}
