// A text of the trace with its title, buttons to take it elsewhere, and links to what it names.

import { showControls } from '../../src/base/visible';
import {} from '../../src/export/wording';
import type { ContextInfo } from '../../src/core/context';
import type { OpenedText } from '../../src/protocol/viewer';
import { h } from '../dom';
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
    block.body ?? createPre(block, actions),
  );
}

/** A long text scrolls in its own box, which the keyboard must then reach. */
export function toLongAttributes(text: string, label: string): Parameters<typeof h>[1] {
  const isLong = text.length > longChars || text.split('\n', longLines + 1).length > longLines;
  return isLong
    ? { class: 'text is-long', tabindex: 0, role: 'region', 'aria-label': label }
    : { class: 'text' };
}

function createPre({ title, text, contexts = [] }: TextBlock, actions: ViewActions): HTMLElement {
  const pieces = toStyledText(text).flatMap(({ style, text: piece }) => {
    const children = toLinkedText(showControls(piece), contexts, actions);
    return style === null ? children : [h('span', { 'data-ansi': style }, ...children)];
  });
  return h('pre', toLongAttributes(text, title), ...pieces);
}

/** `1,204 characters` */
export function toCharsNote(text: string): string {
  return toPlural(text.length, 'character');
}
