// Where a trace could not be read: lines that no longer hold an event, damaged or of another version.

/** Lines in a row. */
export interface UnreadableLines {
  readonly lines: number;
  /** The step of the event before them; null: none before them was read. */
  readonly afterStep: number | null;
  /** The step of the event behind them; null: none behind them was read. */
  readonly beforeStep: number | null;
}

export function countUnreadable(gaps: readonly UnreadableLines[]): number {
  return gaps.reduce((sum, { lines }) => sum + lines, 0);
}
