// Which of an engine's sessions the status bar shows.

import type { Summary } from '../../core/summary';

export interface Leading {
  readonly summary: Summary;
  /** Other active sessions. */
  readonly others: number;
}

/** A running session before a waiting one, then the one that changed last; undefined when none is active. */
export function findLeading(summaries: readonly Summary[]): Leading | undefined {
  const active = summaries.filter(({ status }) => status === 'active');
  const [summary] = active.toSorted(
    (left, right) =>
      Number(right.running) - Number(left.running) || right.updatedAt - left.updatedAt,
  );
  return summary && { summary, others: active.length - 1 };
}
