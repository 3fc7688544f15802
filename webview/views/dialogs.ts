// The windows over the viewer: the keyboard help, the answer that finalizes a session, and a message to an agent.

import { showControls } from '../../src/base/visible';
import { type Child, h, setChildren, setText } from '../dom';
import { keyHelp } from '../keys';
import { readVariables } from '../model/variables';
import type { Snapshot, ViewActions } from '../snapshot';
import { type Choice, createButton, createDropdown, createTextArea } from '../toolkit';
import { t } from '../l10n';

export interface Dialog {
  readonly element: HTMLDialogElement;
  open(snapshot: Snapshot): void;
}

export function createHelpDialog(): Dialog {
  const element = createDialog(t('Keyboard'));
  const groups = keyHelp.map(({ title, keys }) =>
    h(
      'section',
      {},
      h('h3', {}, title),
      h(
        'dl',
        { class: 'keys' },
        ...keys.flatMap(({ names, does }) => [
          h('dt', {}, ...names.map((name) => h('kbd', {}, name))),
          h('dd', {}, does),
        ]),
      ),
    ),
  );
  const close = createButton({
    label: t('Close'),
    look: 'primary',
    onClick: () => element.close(),
  });
  element.append(
    h('div', { class: 'key-groups' }, ...groups),
    h('div', { class: 'dialog-foot' }, close),
  );
  return { element, open: () => element.showModal() };
}

export function createFinalizeDialog(actions: ViewActions): Dialog {
  const element = createDialog(t('Finalize the session'));
  const body = h('div', { class: 'dialog-body' });
  element.append(body);
  return {
    element,
    open({ trace }: Snapshot): void {
      const names = [...readVariables(trace.entries, null).values()]
        .filter(({ origin }) => origin === 'code')
        .map(({ name }) => name)
        .sort((left, right) => left.localeCompare(right, 'en'));
      setChildren(body, createFinalizeForm(names, element, actions));
      element.showModal();
    },
  };
}

/** While it works it takes the message at once; one that has ended goes on with it. */
export function createMessageDialog(actions: ViewActions): Dialog {
  const element = createDialog(t('Message to the agent'));
  const text = createTextArea(t('What the agent is to know or do'), 8);
  const note = h('p', { class: 'quiet' });
  const send = async (): Promise<void> => {
    if (text.value.trim() === '') {
      text.focus();
      return;
    }
    element.close();
    // What was written is kept until it has arrived.
    if (await actions.attempt('tell', { text: text.value })) {
      text.value = '';
    }
  };
  const foot = h(
    'div',
    { class: 'dialog-foot' },
    createButton({ label: t('Cancel'), onClick: () => element.close() }),
    createButton({ label: t('Send'), look: 'primary', onClick: () => void send() }),
  );
  element.append(h('div', { class: 'dialog-body' }, note, text, foot));
  return {
    element,
    open({ standing }: Snapshot): void {
      setText(
        note,
        standing.actions.includes('goOn')
          ? t('The run goes on with it, where it was, by the profile it began with.')
          : t('It is told at once, also while it works.'),
      );
      element.showModal();
    },
  };
}

function createFinalizeForm(
  names: readonly string[],
  dialog: HTMLDialogElement,
  actions: ViewActions,
): readonly Child[] {
  let name = '';
  const text = createTextArea(t('Final answer'), 8);
  const written = h('div', {}, text);
  const choices: readonly Choice<string>[] = [
    { value: '', label: t('the text below') },
    ...names.map((value) => ({ value, label: showControls(value) })),
  ];
  const finalize = createButton({
    label: t('Finalize'),
    look: 'primary',
    onClick: () => {
      if (name === '' && text.value.trim() === '') {
        text.focus();
        return;
      }
      dialog.close();
      const answer =
        name === ''
          ? { kind: 'text' as const, text: text.value }
          : { kind: 'variable' as const, name };
      actions.ask('finalize', answer);
    },
  });
  const source = createDropdown(t('The answer is'), choices, (value) => {
    name = value;
    written.hidden = value !== '';
  });
  const cancel = createButton({ label: t('Cancel'), onClick: () => dialog.close() });
  return [
    h('p', {}, t('The session ends with this answer; no further step runs in it.')),
    names.length > 0 ? h('label', { class: 'field' }, t('The answer is'), source) : null,
    written,
    h('div', { class: 'dialog-foot' }, cancel, finalize),
  ];
}

function createDialog(title: string): HTMLDialogElement {
  const dialog = h('dialog', { class: 'dialog', 'aria-label': title }, h('h2', {}, title));
  dialog.addEventListener('keydown', (event) => event.stopPropagation());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) {
      dialog.close(); // the backdrop belongs to the dialog itself
    }
  });
  return dialog;
}
