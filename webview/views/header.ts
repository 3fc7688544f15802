// The head of the viewer: what session this is, how it stands, and what can be done with it.

import { toOneLine } from '../../src/base/text';
import type { SessionStatus } from '../../src/core/event';
import { toPlaceName } from '../../src/core/sandboxPlace';
import type { Summary } from '../../src/core/summary';
import { showControls } from '../../src/base/visible';
import { toPlaceText, toStatusSentence } from '../../src/export/wording';
import type { ViewerAction } from '../../src/protocol/viewer';
import { h, setAttributes, setText } from '../dom';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { createThemeButton } from '../pageTheme';
import { createButton } from '../toolkit';
import { statusWord, toTitle } from '../words';
import { createGauges } from './gauges';
import { createMenu } from './menu';
import { t } from '../l10n';

const taskChars = 400;

export function createHeader(actions: ViewActions): View {
  const title = h('h1', { class: 'title' });
  const status = h('span', { class: 'status' });
  const sentence = h('span', { class: 'sentence' });
  const task = h('p', { class: 'task' });
  const buttons = createActionButtons(actions);
  const gauges = createGauges();
  const place = h('span', { class: 'place' });
  const standing = h('p', { class: 'standing' }, status, sentence, place);
  const element = h(
    'header',
    { class: 'header' },
    h(
      'div',
      { class: 'head-row' },
      h('div', { class: 'head-text' }, title, task, standing),
      buttons.element,
    ),
    gauges.element,
  );
  return {
    element,
    update(snapshot: Snapshot): void {
      const { summary } = snapshot;
      if (summary) {
        const shown = { ...summary, status: snapshot.status };
        setText(title, toTitle(summary.title));
        title.title = title.textContent;
        setText(status, statusWord(snapshot.status));
        setAttributes(status, { 'data-status': toTone(snapshot.status, summary.running) });
        setText(
          sentence,
          isThinking(snapshot)
            ? t('The model is writing the next step.')
            : toStatusSentence(shown, t),
        );
        setText(place, showControls(toPlaceWord(summary)));
        place.title = toPlaceTitle(summary);
        const given = summary.agent?.task ?? snapshot.trace.runs.at(-1)?.started.task ?? '';
        const asked = toOneLine(given, taskChars);
        setText(task, showControls(asked));
        task.hidden = asked === '' || asked === summary.title;
      }
      element.classList.toggle('is-opening', summary === null);
      buttons.update(snapshot);
      gauges.update(snapshot);
    },
  };
}

function toPlaceWord({ sandbox, agent }: Summary): string {
  return sandbox
    ? toPlaceName(sandbox)
    : `${agent?.profileTitle ?? ''} · ${agent?.isolation ?? ''}`;
}

/** What stands around the code, for the pointer; the facts of the session say it to all. */
function toPlaceTitle({ sandbox }: Summary): string {
  if (!sandbox) {
    return '';
  }
  const walls = sandbox.walls.length > 0 ? `${t('Walls')}: ${sandbox.walls.join(', ')}` : '';
  return showControls([`${t('Runs in')}: ${toPlaceText(sandbox, t)}`, walls].join('\n').trim());
}

function isThinking({ status, summary, trace }: Snapshot): boolean {
  const run = trace.runs.at(-1);
  return status === 'active' && summary?.running === false && run?.finished === null;
}

function toTone(status: SessionStatus, running: boolean): string {
  return status === 'active' && running ? 'running' : status;
}

function createActionButtons(actions: ViewActions): View {
  const { ask } = actions;
  const offered: readonly (readonly [ViewerAction, HTMLElement])[] = [
    [
      'resume',
      createButton({ label: t('Resume'), look: 'primary', onClick: () => ask('resume', null) }),
    ],
    ['stop', createButton({ label: t('Stop'), onClick: () => ask('stop', null) })],
    ['finalize', createButton({ label: t('Finalize…'), onClick: () => actions.openFinalize() })],
    ['fork', createButton({ label: t('Fork'), onClick: () => ask('fork', { step: null }) })],
    ['tell', createButton({ label: t('Message…'), onClick: () => actions.openMessage() })],
    ['goOn', createButton({ label: t('Resume…'), onClick: () => actions.openMessage() })],
    [
      'showChanges',
      createButton({ label: t('Show changes'), onClick: () => ask('showChanges', null) }),
    ],
  ];
  const formats = [
    ['json', 'JSON'],
    ['markdown', 'Markdown'],
    ['html', t('HTML page')],
  ] as const;
  const exporting = createMenu(
    t('Export'),
    formats.map(([format, label]) => ({ label, onChoose: () => ask('exportTrace', { format }) })),
  );
  const help = createButton({
    label: t('Keyboard help'),
    icon: 'help',
    onClick: () => actions.openHelp(),
  });
  return {
    element: h(
      'div',
      { class: 'actions', role: 'toolbar', 'aria-label': t('Session') },
      ...offered.map(([, button]) => button),
      actions.place === 'page' ? createThemeButton() : exporting,
      help,
    ),
    update({ standing, summary }: Snapshot): void {
      for (const [action, button] of offered) {
        button.hidden = !standing.actions.includes(action);
      }
      exporting.hidden = summary === null;
    },
  };
}
