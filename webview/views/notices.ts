// Lines above the trace that say what the user must know: a refusal, a dead engine, a limit of this view.

import { toFallbackText, toUnreadableText } from '../../src/export/wording';
import { h, setChildren } from '../dom';
import { type Failure, isAgentRun, type Snapshot, type View, type ViewActions } from '../snapshot';
import { type ButtonOptions, createButton } from '../toolkit';
import { t } from '../l10n';

export function createNotices(actions: ViewActions): View {
  const element = h('div', { class: 'notices', 'aria-live': 'polite' });
  let shown = '';
  return {
    element,
    update({ failure, loading, version, standing, status, summary, trace }: Snapshot): void {
      // Before anything was read, the frame says so in place of the trace.
      const broken = loading.kind === 'failed' && version > 0 ? loading.failure : null;
      const [brokenText, failureText] = [broken, failure].map((one) => one && toText(one));
      const lack = trace.unreadable.length > 0 ? toUnreadableText(trace.unreadable, t) : null;
      const fallback = summary?.sandbox ? toFallbackText(summary.sandbox, t) : null;
      const key = JSON.stringify([brokenText, failureText, lack, fallback, standing, status]);
      if (key === shown) {
        return;
      }
      shown = key;
      setChildren(element, [
        brokenText
          ? createNotice('error', brokenText, {
              label: t('Try again'),
              onClick: () => actions.reload(),
            })
          : null,
        failureText
          ? createNotice('error', failureText, {
              label: t('Dismiss'),
              icon: 'cross',
              onClick: () => actions.dismissFailure(),
            })
          : null,
        lack === null ? null : createNotice('warning', lack),
        fallback === null ? null : createNotice('warning', fallback),
        status === 'interrupted'
          ? createNotice('warning', toInterruptedText(isAgentRun({ summary }), standing.actions))
          : null,
        standing.note === null ? null : createNotice('info', standing.note),
      ]);
    },
  };
}

function toInterruptedText(isAgent: boolean, actions: Snapshot['standing']['actions']): string {
  if (isAgent) {
    return [
      t('The run was cut off: its engine ended, or its program did.'),
      ...(actions.includes('goOn') ? [t('A message to it goes on where it was.')] : []),
    ].join(' ');
  }
  return [
    t('The engine that ran this session is gone, and its variables with it.'),
    ...(actions.includes('resume')
      ? [t('Resuming runs the recorded steps again and goes on from there.')]
      : []),
  ].join(' ');
}

function createNotice(
  kind: 'error' | 'warning' | 'info',
  text: string,
  button?: ButtonOptions,
): HTMLElement {
  const notice = h(
    'div',
    { class: 'notice', 'data-kind': kind, role: kind === 'error' ? 'alert' : null },
    h('p', {}, text),
  );
  if (button) {
    notice.append(createButton(button));
  }
  return notice;
}

function toText({ message, nextStep }: Failure): string {
  return `${message} ${nextStep}`;
}
