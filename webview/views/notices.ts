// Lines above the trace that say what the user must know: a refusal, a dead engine, a limit of this view.

import { h, setChildren } from '../dom';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { t } from '../l10n';

export function createNotices(actions: ViewActions): View {
  const element = h('div', { class: 'notices', 'aria-live': 'polite' });
  let shown = '';
  return {
    element,
    update({ failure, standing, status }: Snapshot): void {
      const key = JSON.stringify([failure, standing, status]);
      if (key === shown) {
        return;
      }
      shown = key;
      setChildren(element, [
        failure && createNotice('error', `${failure.message} ${failure.nextStep}`, actions),
        status === 'interrupted'
          ? createNotice(
              'warning',
              [
                t('The engine that ran this session is gone, and its variables with it.'),
                ...(standing.actions.includes('resume')
                  ? [t('Resuming runs the recorded steps again and goes on from there.')]
                  : []),
              ].join(' '),
            )
          : null,
        standing.note === null ? null : createNotice('info', standing.note),
      ]);
    },
  };
}

function createNotice(
  kind: 'error' | 'warning' | 'info',
  text: string,
  actions?: ViewActions,
): HTMLElement {
  const notice = h(
    'div',
    { class: 'notice', 'data-kind': kind, role: kind === 'error' ? 'alert' : null },
    h('p', {}, text),
  );
  if (actions) {
    const onClick = (): void => actions.dismissFailure();
    notice.append(createButton({ label: t('Dismiss'), icon: 'cross', onClick }));
  }
  return notice;
}
