// Chooses the sessions that a clean-up removes: by age, or by what keeps the home under a size.

import { isUnderWay, type Summary } from '../core/summary';

/** Ended sessions that did not change since `before` (epoch ms). */
export function findOlder(summaries: readonly Summary[], before: number): readonly Summary[] {
  return summaries.filter(({ status, updatedAt }) => !isUnderWay(status) && updatedAt < before);
}

/** The longest unchanged ended sessions, until what is left takes at most `maxBytes`. */
export function findOverSize(
  sized: readonly { readonly summary: Summary; readonly bytes: number }[],
  maxBytes: number,
): readonly Summary[] {
  let left = sized.reduce((sum, { bytes }) => sum + bytes, 0);
  const ended = sized.filter(({ summary }) => !isUnderWay(summary.status));
  const removed: Summary[] = [];
  for (const { summary, bytes } of ended.toSorted(
    (one, other) => one.summary.updatedAt - other.summary.updatedAt,
  )) {
    if (left <= maxBytes) {
      break;
    }
    removed.push(summary);
    left -= bytes;
  }
  return removed;
}
