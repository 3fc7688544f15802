// A text of the trace with its title, buttons to take it elsewhere, and links to what it names.

import { showControls } from '../../src/base/visible';
import { cutText } from '../../src/base/text';
import type { ContextInfo } from '../../src/core/context';
import type { OpenedText } from '../../src/protocol/viewer';
import { type Child, h } from '../dom';
import { toStyledText } from '../model/ansi';
import type { ViewActions } from '../snapshot';
import { createButton } from '../toolkit';
import { toLinkedText } from './links';
import { toPlural, t } from '../l10n';

export interface TextBlock {
  readonly title: string;
  readonly text: string;
  /** Beside the title, for example what was left out. */
  readonly note?: string;
  readonly tone?: 'error';
  /** Where a place that the text names may be: none, and nothing becomes a link. */
  readonly contexts?: readonly ContextInfo[];
  readonly body?: HTMLElement;
  readonly language?: OpenedText['language'];
  /** What the tab says when the text is opened in an editor. */
  readonly openTitle: string;
}

const longLines = 30;
const longChars = 4_000;
/** Of a long text so much is shown at once: what it costs grows with what is shown. */
const pageChars = 50_000;

export function createTextBlock(block: TextBlock, actions: ViewActions): HTMLElement {
  const { title, text, note, language = 'plaintext', openTitle } = block;
  const copy = createButton({
    label: t('Copy: {0}', title),
    icon: 'copy',
    onClick: () => actions.ask('copy', { text }),
  });
  const open = createButton({
    label: t('Open in an editor: {0}', title),
    icon: 'open',
    onClick: () => actions.ask('openText', { title: openTitle, text, language }),
  });
  const head = h(
    'div',
    { class: 'block-head' },
    h('h3', {}, title),
    h('span', { class: 'block-note' }, note ?? ''),
    copy,
    actions.place === 'editor' ? open : null,
  );
  return h(
    'section',
    { class: 'block', 'data-tone': block.tone ?? null, 'aria-label': title },
    head,
    block.body ?? createPages(block, actions),
  );
}

/** A long text scrolls in its own box, which the keyboard must then reach. */
export function toLongAttributes(text: string, label: string): Parameters<typeof h>[1] {
  const isLong = text.length > longChars || text.split('\n', longLines + 1).length > longLines;
  return isLong
    ? { class: 'text is-long', tabindex: 0, role: 'region', 'aria-label': label }
    : { class: 'text' };
}

function createPages(block: TextBlock, actions: ViewActions): HTMLElement {
  const { title, text, contexts = [] } = block;
  const pre = h('pre', toLongAttributes(text, title));
  let shown = 0;
  const showMore = (): void => {
    const page = toPage(text.slice(shown));
    shown += page.length;
    pre.append(...toPieces(page, contexts, actions).filter((piece) => piece !== null));
  };
  showMore();
  if (shown >= text.length) {
    return pre;
  }
  const more = createButton({
    label: '',
    onClick: () => {
      showMore();
      nameMore();
    },
  });
  const nameMore = (): void => {
    const left = text.length - shown;
    more.hidden = left === 0;
    more.textContent = t('Show more ({0} left)', toPlural(left, 'character'));
    more.setAttribute('aria-label', more.textContent);
  };
  nameMore();
  return h('div', { class: 'paged' }, pre, more);
}

/** Its beginning, up to the end of a line where one is near. */
function toPage(text: string): string {
  const page = cutText(text, pageChars).text;
  const lineEnd = page.lastIndexOf('\n') + 1;
  return page.length === text.length || lineEnd < pageChars / 2 ? page : page.slice(0, lineEnd);
}

function toPieces(
  text: string,
  contexts: readonly ContextInfo[],
  actions: ViewActions,
): readonly Child[] {
  return toStyledText(text).flatMap(({ style, text: piece }) => {
    const children = toLinkedText(showControls(piece), contexts, actions);
    return style === null ? children : [h('span', { 'data-ansi': style }, ...children)];
  });
}

/** `1,204 characters` */
export function toCharsNote(text: string): string {
  return toPlural(text.length, 'character');
}
