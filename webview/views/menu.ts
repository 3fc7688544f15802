// A button that opens a list of choices, by mouse and keyboard as a menu is expected to work.

import { h, setAttributes } from '../dom';
import { createButton } from '../toolkit';

export interface MenuItem {
  readonly label: string;
  readonly onChoose: () => void;
}

export function createMenu(label: string, items: readonly MenuItem[]): HTMLElement {
  const list = h('div', { class: 'menu-list', role: 'menu', 'aria-label': label, hidden: true });
  const button = createButton({ label, onClick: () => setOpen(list.hidden) });
  const element = h('div', { class: 'menu' }, button, list);
  const entries = items.map((item) => {
    const entry = h('button', { type: 'button', role: 'menuitem', tabindex: -1 }, item.label);
    entry.addEventListener('click', () => {
      setOpen(false);
      button.focus();
      item.onChoose();
    });
    return entry;
  });
  list.append(...entries);
  setAttributes(button, { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });

  function setOpen(open: boolean): void {
    list.hidden = !open;
    setAttributes(button, { 'aria-expanded': open ? 'true' : 'false' });
    if (open) {
      entries[0]?.focus();
    }
  }

  list.addEventListener('keydown', (event) => {
    event.stopPropagation();
    const at = entries.findIndex((entry) => entry === document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      entries.at(next % entries.length)?.focus();
    } else if (event.key === 'Escape') {
      setOpen(false);
      button.focus();
    }
  });
  element.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && element.contains(relatedTarget))) {
      setOpen(false);
    }
  });
  return element;
}
