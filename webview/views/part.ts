// The parts that belong to a session as a whole are made of: a title with what is below it, and tables.

import { type Child, h } from '../dom';

export function createPart(title: string, ...children: readonly Child[]): HTMLElement {
  const head = h('div', { class: 'block-head' }, h('h3', {}, title));
  return h('section', { class: 'block', 'aria-label': title }, head, ...children);
}

/** Null where there are no rows. */
export function createTable(
  head: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLElement | null {
  return rows.length === 0
    ? null
    : h(
        'table',
        {},
        h('thead', {}, h('tr', {}, ...head.map((name) => h('th', { scope: 'col' }, name)))),
        h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map((cell) => h('td', {}, cell))))),
      );
}

/** Names and what stands for them. */
export function createFactList(facts: readonly (readonly [string, Child])[]): HTMLElement {
  const list = facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]);
  return h('dl', { class: 'facts' }, ...list);
}
