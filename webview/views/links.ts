// What leads out of the viewer: to a place in a source file, or to another trace. In an exported page
// there is no editor that could go there, and the text stays a text.

import type { ContextInfo } from '../../src/core/context';
import { showControls } from '../../src/base/visible';
import { type Child, h } from '../dom';
import { findSourceLinks } from '../model/sourceLinks';
import type { ViewActions } from '../snapshot';
import { t } from '../l10n';

/** `text` as it is shown, with links at the places in `contexts` that it names. */
export function toLinkedText(
  text: string,
  contexts: readonly ContextInfo[],
  actions: ViewActions,
): readonly Child[] {
  const children: Child[] = [];
  let at = 0;
  for (const { start, end, place } of contexts.length > 0 ? findSourceLinks(text, contexts) : []) {
    const title = t('Open {0}, line {1}', place.path ?? t('the source'), place.line ?? 1);
    const onClick = (): void => actions.ask('openSource', place);
    const link = createLink(text.slice(start, end), { title, onClick }, actions);
    children.push(text.slice(at, start), link);
    at = end;
  }
  return [...children, text.slice(at)];
}

export function createTraceLink(sessionId: string, text: string, actions: ViewActions): Child {
  const onClick = (): void => actions.ask('openTrace', { sessionId });
  return createLink(showControls(text), { title: t('Open its trace'), onClick }, actions);
}

export function createSourceLink(path: string, actions: ViewActions): Child {
  const onClick = (): void => actions.ask('openSource', { path, line: null, range: null });
  return createLink(showControls(path), { title: t('Open the file'), onClick }, actions);
}

function createLink(
  text: string,
  { title, onClick }: { readonly title: string; readonly onClick: () => void },
  { place }: ViewActions,
): Child {
  if (place === 'page') {
    return text;
  }
  // Not a button: that is a box of its own, and a line would break before and after it.
  const link = h('span', { class: 'link', role: 'link', tabindex: 0, title }, text);
  link.addEventListener('click', onClick);
  link.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') {
      onClick();
    }
  });
  return link;
}
