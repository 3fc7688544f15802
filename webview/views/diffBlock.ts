// A diff in colours. Of a long one a page is shown, and more when asked for: what it costs grows with what is shown.

import { showControls } from '../../src/base/visible';
import { h } from '../dom';
import { t, toPlural } from '../l10n';
import { countDiffLines, type DiffLine, toDiffLines } from '../model/diffLines';
import type { ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { createTextBlock } from './textBlock';

const pageLines = 500;

/** `note`: beside the counts of its lines; empty: none. */
export function createDiffBlock(
  { title, diff, note }: { readonly title: string; readonly diff: string; readonly note: string },
  actions: ViewActions,
): HTMLElement {
  const lines = toDiffLines(diff);
  const { added, removed } = countDiffLines(lines);
  const counts = `+${added} −${removed}`;
  return createTextBlock(
    {
      title,
      text: diff,
      note: note === '' ? counts : `${counts} · ${note}`,
      body: createDiff(lines, title),
      openTitle: title,
    },
    actions,
  );
}

function createDiff(lines: readonly DiffLine[], label: string): HTMLElement {
  const code = h('code', {});
  const pre = h('pre', { class: 'diff', tabindex: 0, role: 'region', 'aria-label': label }, code);
  const more = createButton({ label: '', onClick: () => showMore() });
  const element = h('div', { class: 'paged' }, pre, more);
  let shown = 0;
  const showMore = (): void => {
    code.append(...lines.slice(shown, shown + pageLines).map(createLine));
    shown = Math.min(lines.length, shown + pageLines);
    const left = lines.length - shown;
    more.hidden = left === 0;
    more.textContent = t('Show more ({0} left)', toPlural(left, 'line'));
    more.setAttribute('aria-label', more.textContent);
  };
  showMore();
  return element;
}

function createLine({ kind, text }: DiffLine): HTMLElement {
  return h('span', { class: 'diff-line', 'data-line': kind }, `${showControls(text)}\n`);
}
