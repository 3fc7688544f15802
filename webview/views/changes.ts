// What a step did to the variables: each with its value before and after.

import type { ContextInfo } from '../../src/core/context';
import { showControls } from '../../src/base/visible';
import {} from '../../src/export/wording';
import { type Child, h } from '../dom';
import { diffTexts } from '../model/textDiff';
import type { VariableComparison } from '../model/variables';
import type { ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { toLinkedText } from './links';
import { changeWords, toSizeText } from '../words';
import { t, toPlural } from '../l10n';

const rowsShownFirst = 100;

export function createChanges(
  changes: readonly VariableComparison[],
  contexts: readonly ContextInfo[],
  actions: ViewActions,
): HTMLElement {
  const toRows = (some: typeof changes): readonly HTMLElement[] =>
    some.map((one) => createRow(one, contexts, actions));
  const body = h('tbody', {}, ...toRows(changes.slice(0, rowsShownFirst)));
  const head = [t('Variable'), t('Type'), t('Size'), t('Value')].map((name) =>
    h('th', { scope: 'col' }, name),
  );
  const section = h(
    'section',
    { class: 'block', 'aria-label': t('Variables') },
    h(
      'div',
      { class: 'block-head' },
      h('h3', {}, t('Variables')),
      h('span', { class: 'block-note' }, toPlural(changes.length, 'change')),
    ),
    h('table', { class: 'changes' }, h('thead', {}, h('tr', {}, ...head)), body),
  );
  const rest = changes.slice(rowsShownFirst);
  if (rest.length > 0) {
    const more = createButton({
      label: t('Show {0}', toPlural(rest.length, 'more change')),
      onClick: () => {
        body.append(...toRows(rest));
        more.remove();
      },
    });
    section.append(more);
  }
  return section;
}

function createRow(
  comparison: VariableComparison,
  contexts: readonly ContextInfo[],
  actions: ViewActions,
): HTMLElement {
  const { name, change, before, after } = comparison;
  const link = h('button', { type: 'button', class: 'link' }, showControls(name));
  link.title = t('Show its history');
  link.addEventListener('click', () => actions.change({ tab: 'variables', variable: name }));
  return h(
    'tr',
    { 'data-change': change },
    h(
      'td',
      { class: 'change-name' },
      h('span', { class: 'change-mark', role: 'img', 'aria-label': changeWords[change] }),
      link,
    ),
    h('td', {}, ...toPair(before?.type ?? null, after?.type ?? null)),
    h(
      'td',
      { class: 'number' },
      ...toPair(before && toSizeText(before), after && toSizeText(after)),
    ),
    h(
      'td',
      { class: 'change-values' },
      ...toValues(comparison, (text) => toLinkedText(text, contexts, actions)),
    ),
  );
}

/** `312 → 18`, or one of them where they are the same or only one is there. */
function toPair(before: string | null, after: string | null): readonly Child[] {
  if (before === null || after === null || before === after) {
    return [showControls(after ?? before ?? '')];
  }
  return [
    h('del', {}, showControls(before) || '—'),
    h('span', { class: 'arrow', role: 'img', 'aria-label': t('became') }, '→'),
    h('ins', {}, showControls(after) || '—'),
  ];
}

/** A value that stands alone is linked to what it names; of two, what differs is marked. */
function toValues(
  { before, after }: VariableComparison,
  toLinked: (text: string) => readonly Child[],
): readonly Child[] {
  if (before && after) {
    const parts = diffTexts(showControls(before.preview), showControls(after.preview));
    const side = (kind: 'removed' | 'added'): readonly Child[] =>
      parts
        .filter((part) => part.kind === 'same' || part.kind === kind)
        .map((part) => (part.kind === 'same' ? part.text : h('mark', {}, part.text)));
    return before.preview === after.preview
      ? [h('div', { class: 'value' }, ...toLinked(showControls(after.preview)))]
      : [
          h('div', { class: 'value', 'data-side': 'before' }, ...side('removed')),
          h('div', { class: 'value', 'data-side': 'after' }, ...side('added')),
        ];
  }
  const preview = showControls(after?.preview ?? before?.preview ?? '');
  return [
    h('div', { class: 'value', 'data-side': after ? 'after' : 'before' }, ...toLinked(preview)),
  ];
}
