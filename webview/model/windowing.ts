// The arithmetic of a virtual list whose rows are all of one height.

export interface RowWindow {
  /** First row that exists in the document. */
  readonly first: number;
  /** One past the last. */
  readonly end: number;
}

export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
}

/** Rows kept beyond each edge, so that a fast scroll meets painted rows. */
const overscan = 6;

export function toRowWindow(viewport: Viewport, rowHeight: number, count: number): RowWindow {
  const first = Math.floor(viewport.scrollTop / rowHeight) - overscan;
  const end = Math.ceil((viewport.scrollTop + viewport.height) / rowHeight) + overscan;
  const clamp = (row: number): number => Math.min(count, Math.max(0, row));
  return { first: clamp(first), end: clamp(end) };
}

/** Where to scroll so that `row` is fully in view; unchanged when it is. */
export function toScrollTop(viewport: Viewport, rowHeight: number, row: number): number {
  const top = row * rowHeight;
  if (top < viewport.scrollTop) {
    return top;
  }
  const bottom = top + rowHeight;
  return bottom > viewport.scrollTop + viewport.height
    ? bottom - viewport.height
    : viewport.scrollTop;
}
