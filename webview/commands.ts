// What the keys do.

import type { KeyCommand } from './keys';
import type { TraceStep } from './model/trace';
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
  const { view, rows, trace } = snapshot;
  const steps = rows.flatMap((row) => (row.kind === 'step' ? [row] : []));
  const at = steps.findIndex(({ step }) => step === view.step);
  const isProblem = (step: TraceStep): boolean =>
    ['error', 'stopped'].includes(trace.readVerdict(step));
  const show = (step: TraceStep | undefined): void => {
    if (step) {
      actions.showStep(step.step);
    }
  };
  const orders: Readonly<Record<KeyCommand, () => void>> = {
    next: () => show(steps[at + 1]),
    previous: () => show(steps[at - 1]),
    first: () => show(steps[0]),
    last: () => show(steps.at(-1)),
    nextProblem: () => show(steps.slice(at + 1).find(isProblem)),
    previousProblem: () => show(steps.slice(0, Math.max(0, at)).findLast(isProblem)),
    openStep: () => document.getElementById('detail')?.focus(),
    search: () => {
      change({ tab: 'steps' });
      frame.focusSearch();
    },
    clear: () => {
      change({ text: '', filter: 'all', scope: 'all' });
      frame.focusSteps();
    },
    steps: () => change({ tab: 'steps' }),
    variables: () => change({ tab: 'variables' }),
    session: () => change({ tab: 'session' }),
    timeline: () => change({ timeline: !view.timeline }),
    follow: () => change({ follow: !view.follow }),
    zoomIn: () => frame.zoom(true),
    zoomOut: () => frame.zoom(false),
    zoomAll: () => change({ from: 0, to: 1 }),
    panLeft: () => frame.pan(-panShare),
    panRight: () => frame.pan(panShare),
    copyLink: () => actions.ask('copyLink', { step: view.step }),
    help: () => actions.openHelp(),
  };
  orders[command]();
}
