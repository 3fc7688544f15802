// A list that holds only the rows in view. Rows are all of one height, are reused while scrolling, and
// are known to a screen reader by their place in the whole list.

import { h, setAttributes } from './dom';
import { toRowWindow, toScrollTop } from './model/windowing';

export interface VirtualListOptions {
  readonly label: string;
  readonly id: string;
  readonly rowHeight: number;
  /** Makes an empty row; `fill` is called with it before it is shown, and when its content may be new. */
  readonly createRow: () => HTMLElement;
  readonly fillRow: (row: HTMLElement, index: number) => void;
  /** Whether the keys stop at a row; they stop at every row when left out. */
  readonly isStop?: (index: number) => boolean;
  readonly onSelect: (index: number) => void;
  /** Enter or a double click on the selected row. */
  readonly onOpen?: (index: number) => void;
  readonly onScroll?: (scrollTop: number) => void;
}

export class VirtualList {
  readonly element: HTMLElement;
  readonly #options: VirtualListOptions;
  readonly #spacer = h('div', { class: 'list-spacer', role: 'presentation' });
  /** Rows in the document, by index. */
  readonly #rows = new Map<number, HTMLElement>();
  readonly #spare: HTMLElement[] = [];
  #count = 0;
  #selected = -1;

  constructor(options: VirtualListOptions) {
    this.#options = options;
    const { id, label } = options;
    this.element = h(
      'div',
      { class: 'list', id, role: 'listbox', tabindex: 0, 'aria-label': label },
      this.#spacer,
    );
    this.element.addEventListener('scroll', () => {
      this.#place(false);
      options.onScroll?.(this.element.scrollTop);
    });
    this.element.addEventListener('click', ({ target }) => this.#select(toIndex(target)));
    this.element.addEventListener('dblclick', ({ target }) => this.#open(toIndex(target)));
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.#place(false)).observe(this.element);
  }

  get count(): number {
    return this.#count;
  }

  /** All rows in view are filled anew. */
  update(count: number, selected: number): void {
    this.#count = count;
    this.#selected = selected;
    this.#spacer.style.height = `${count * this.#options.rowHeight}px`;
    this.#place(true);
    const active = selected >= 0 && selected < count ? this.#rowId(selected) : null;
    setAttributes(this.element, { 'aria-activedescendant': active });
  }

  reveal(index: number): void {
    this.scrollTo(toScrollTop(this.#viewport(), this.#options.rowHeight, index));
  }

  scrollTo(scrollTop: number): void {
    if (this.element.scrollTop !== scrollTop) {
      this.element.scrollTop = scrollTop;
      this.#place(false);
    }
  }

  #viewport(): { readonly scrollTop: number; readonly height: number } {
    return { scrollTop: this.element.scrollTop, height: this.element.clientHeight };
  }

  #place(refill: boolean): void {
    const { rowHeight, createRow, fillRow } = this.#options;
    const { first, end } = toRowWindow(this.#viewport(), rowHeight, this.#count);
    for (const [index, row] of this.#rows) {
      if (index < first || index >= end) {
        row.remove();
        this.#rows.delete(index);
        this.#spare.push(row);
      }
    }
    for (let index = first; index < end; index += 1) {
      const known = this.#rows.get(index);
      if (known && !refill) {
        continue;
      }
      const row = known ?? this.#spare.pop() ?? createRow();
      this.#rows.set(index, row);
      row.style.transform = `translateY(${index * rowHeight}px)`;
      setAttributes(row, {
        id: this.#rowId(index),
        role: 'option',
        'aria-selected': index === this.#selected ? 'true' : 'false',
        'aria-setsize': this.#count,
        'aria-posinset': index + 1,
        'data-index': index,
      });
      fillRow(row, index);
      if (!known) {
        this.#spacer.append(row);
      }
    }
  }

  #rowId(index: number): string {
    return `${this.#options.id}-${index}`;
  }

  #onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#options.rowHeight) - 1);
    const moves: Partial<Record<string, readonly [target: number, direction: 1 | -1]>> = {
      ArrowDown: [this.#selected + 1, 1],
      ArrowUp: [this.#selected - 1, -1],
      PageDown: [this.#selected + page, 1],
      PageUp: [this.#selected - page, -1],
      Home: [0, 1],
      End: [this.#count - 1, -1],
    };
    const move = event.altKey || event.ctrlKey || event.metaKey ? undefined : moves[event.key];
    if (move) {
      event.preventDefault();
      event.stopPropagation();
      this.#selected = this.#findStop(...move); // the next key may come before the next frame
      this.#select(this.#selected);
    } else if (event.key === 'Enter') {
      event.stopPropagation();
      this.#open(this.#selected);
    }
  }

  /** The stop nearest to `target`: in the direction first, then back. -1 when there is none. */
  #findStop(target: number, direction: 1 | -1): number {
    const { isStop = () => true } = this.#options;
    const start = Math.min(this.#count - 1, Math.max(0, target));
    for (const step of [direction, -direction]) {
      for (let index = start; index >= 0 && index < this.#count; index += step) {
        if (isStop(index)) {
          return index;
        }
      }
    }
    return -1;
  }

  #select(index: number): void {
    if (index >= 0 && index < this.#count) {
      this.#options.onSelect(index);
    }
  }

  #open(index: number): void {
    if (index >= 0 && index < this.#count) {
      this.#options.onOpen?.(index);
    }
  }
}

/** Of the row that holds it; -1 when none does. */
function toIndex(target: EventTarget | null): number {
  const row = target instanceof Element ? target.closest('[data-index]') : null;
  return Number(row?.getAttribute('data-index') ?? -1);
}
