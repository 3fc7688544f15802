// The variables as they are, or as they were after the selected step, and the history of one of them.

import { showControls } from '../../src/base/visible';
import {} from '../../src/export/wording';
import { h, setAttributes, setChildren, setText } from '../dom';
import {
  type VariableState,
  type VariableVersion,
  readHistory,
  readVariables,
} from '../model/variables';
import type { Snapshot, View, ViewActions } from '../snapshot';
import { type TextControl, createButton, createCheckbox, createTextField } from '../toolkit';
import { VirtualList } from '../virtualList';
import { changeWords, toSizeText } from '../words';
import { t, toPlural } from '../l10n';

const rowHeight = 26;

export function createVariablesView(actions: ViewActions): View {
  let variables: readonly VariableState[] = [];
  let shown = '';
  const list = new VirtualList({
    id: 'variables',
    label: t('Variables'),
    rowHeight,
    createRow: () => createCells('row variable-row'),
    fillRow: (row, index) => {
      const variable = variables[index];
      if (variable) {
        fillRow(row, variable);
      }
    },
    onSelect: (index) => actions.change({ variable: variables[index]?.name ?? '' }),
  });
  const filter: TextControl = createTextField(
    t('Filter variables'),
    t('Filter by name, type or value'),
    (text) => actions.change({ variableText: text }),
  );
  const atStep = createCheckbox(t('After the selected step'), (checked) =>
    actions.change({ atStep: checked }),
  );
  const count = h('span', { class: 'bar-note', role: 'status' });
  const history = createHistory(actions);
  const headings = createCells('variable-head');
  for (const [index, name] of [t('Name'), t('Type'), t('Size'), t('Value'), t('Step')].entries()) {
    setText(headings.children[index] ?? headings, name);
  }
  const table = h('div', { class: 'variable-table' }, headings, list.element);
  const empty = h('p', { class: 'empty' });
  const element = h(
    'div',
    {
      class: 'variables',
      role: 'tabpanel',
      id: 'panel-variables',
      'aria-labelledby': 'tab-variables',
    },
    h('div', { class: 'bar' }, filter, atStep, count),
    h('div', { class: 'variable-columns' }, table, empty, history.element),
  );
  return {
    element,
    update(snapshot: Snapshot): void {
      const { trace, view, version } = snapshot;
      const throughStep = view.atStep ? view.step : null;
      const key = JSON.stringify([version, throughStep, view.variableText]);
      if (key !== shown) {
        shown = key;
        const all = [...readVariables(trace.entries, throughStep).values()];
        variables = all.filter((one) => matches(one, view.variableText)).sort(byOriginAndName);
        setText(count, toPlural(variables.length, 'variable'));
        setText(
          empty,
          all.length === 0 ? t('There is no variable yet.') : t('No variable matches.'),
        );
      }
      if (filter.value !== view.variableText) {
        filter.value = view.variableText;
      }
      atStep.checked = view.atStep;
      table.hidden = variables.length === 0;
      empty.hidden = variables.length > 0;
      list.update(
        variables.length,
        variables.findIndex(({ name }) => name === view.variable),
      );
      history.update(snapshot);
    },
  };
}

function matches({ name, type, preview }: VariableState, text: string): boolean {
  const wanted = text.toLowerCase();
  return [name, type, preview].some((one) => one.toLowerCase().includes(wanted));
}

function byOriginAndName(left: VariableState, right: VariableState): number {
  return left.origin === right.origin
    ? left.name.localeCompare(right.name, 'en')
    : left.origin === 'context'
      ? -1
      : 1;
}

function createCells(className: string): HTMLElement {
  return h(
    'div',
    { class: className },
    h('span', { class: 'cell-name' }),
    h('span', { class: 'cell-type' }),
    h('span', { class: 'cell-size' }),
    h('span', { class: 'cell-value' }),
    h('span', { class: 'cell-step' }),
  );
}

function fillRow(row: HTMLElement, variable: VariableState): void {
  const { name, type, preview, step, origin } = variable;
  const texts = [name, type, toSizeText(variable), preview, step === 0 ? '' : String(step)].map(
    showControls,
  );
  for (const [index, text] of texts.entries()) {
    setText(row.children[index] ?? row, text);
  }
  const size = t('size {0}', texts[2] || t('unknown'));
  const label = `${texts[0]}, ${texts[1]}, ${size}: ${texts[3]}`;
  setAttributes(row, { 'data-origin': origin, 'aria-label': label });
}

function createHistory(actions: ViewActions): View {
  let name = '';
  let versions: readonly VariableVersion[] = [];
  let shown = '';
  const title = h('h2', {});
  const note = h('p', { class: 'history-note' });
  const openLive = createButton({
    label: t('Open the value'),
    onClick: () => actions.ask('openVariable', { name }),
  });
  const openRecorded = createButton({
    label:
      actions.place === 'editor' ? t('Open the recorded preview') : t('Copy the recorded preview'),
    onClick: () => {
      const text = versions.findLast(({ state }) => state !== null)?.state?.preview ?? '';
      if (actions.place === 'editor') {
        actions.ask('openText', { title: name, text, language: 'plaintext' });
      } else {
        actions.ask('copy', { text });
      }
    },
  });
  const list = new VirtualList({
    id: 'history',
    label: t('History of the variable'),
    rowHeight: 44,
    createRow: () =>
      h(
        'div',
        { class: 'row history-row' },
        h('span', { class: 'row-number' }),
        h('span', { class: 'row-title is-code' }),
        h('span', { class: 'row-facts' }),
      ),
    fillRow: (row, index) => {
      const version = versions[index];
      if (version) {
        fillVersion(row, version);
      }
    },
    onSelect: (index) => actions.change({ step: versions[index]?.step ?? null, follow: false }),
    onOpen: (index) => {
      const step = versions[index]?.step;
      if (step !== undefined && step > 0) {
        actions.showStep(step);
      }
    },
  });
  const body = h(
    'div',
    { class: 'history-body' },
    title,
    note,
    h('div', { class: 'history-actions' }, openLive, openRecorded),
    list.element,
  );
  const empty = h(
    'p',
    { class: 'empty' },
    t('Choose a variable to see how its value changed over the steps.'),
  );
  return {
    element: h(
      'aside',
      { class: 'history', 'aria-label': t('History of a variable') },
      body,
      empty,
    ),
    update({ trace, view, version, standing }: Snapshot): void {
      body.hidden = view.variable === '';
      empty.hidden = view.variable !== '';
      const key = JSON.stringify([version, view.variable]);
      if (key !== shown) {
        shown = key;
        name = view.variable;
        versions = view.variable === '' ? [] : readHistory(trace.entries, name);
        setText(title, showControls(name));
        setChildren(note, [toHistoryNote(versions)]);
      }
      const isGone = versions.at(-1)?.state === null;
      openLive.hidden = !standing.actions.includes('readVariable') || isGone;
      openRecorded.hidden = !openLive.hidden;
      list.update(
        versions.length,
        versions.findIndex(({ step }) => step === view.step),
      );
    },
  };
}

function toHistoryNote(versions: readonly VariableVersion[]): string {
  const last = versions.at(-1);
  if (!last) {
    return t('The trace holds no value of it.');
  }
  const count = toPlural(versions.length, 'value');
  return last.state === null
    ? t('{0}; gone since step {1}.', count, last.step)
    : t('{0}, newest last.', count);
}

function fillVersion(row: HTMLElement, { step, change, state }: VariableVersion): void {
  const [number, title, facts] = row.children;
  const preview = state === null ? '' : showControls(state.preview);
  const size = state === null ? '' : toSizeText(state);
  const detail = [changeWords[change], state?.type ?? '', size]
    .filter((part) => part !== '')
    .join(' · ');
  setAttributes(row, {
    'data-change': change,
    'aria-label': `${t('Step {0}', step)}, ${detail}: ${preview}`,
  });
  if (number && title && facts) {
    setText(number, step === 0 ? '' : String(step));
    setText(title, state === null ? '—' : preview);
    setText(facts, showControls(detail));
  }
}
