// The rows of the step list: entries as the trace has them, child sessions where they began.

import type { Summary } from '../../src/core/summary';
import type { EntryMatcher } from './search';
import type { Trace, TraceEntry } from './trace';

export type Row = TraceEntry | { readonly kind: 'child'; readonly child: Summary };

/** `matches` null: nothing is searched or filtered, so that marks and children belong as well. */
export function toRows(
  trace: Trace,
  children: readonly Summary[],
  matches: EntryMatcher | null,
): readonly Row[] {
  if (matches) {
    return trace.entries.filter(matches);
  }
  // An agent's own events say when it had a child.
  if (children.length === 0 || trace.summary?.agent) {
    return trace.entries;
  }
  const rows: Row[] = [];
  let next = 0;
  const ordered = [...children].sort((left, right) => left.createdAt - right.createdAt);
  for (const entry of trace.entries) {
    for (; next < ordered.length && (ordered[next]?.createdAt ?? 0) < startOf(entry); next += 1) {
      rows.push(...toChildRow(ordered[next]));
    }
    rows.push(entry);
  }
  return [...rows, ...ordered.slice(next).flatMap(toChildRow)];
}

function toChildRow(child: Summary | undefined): readonly Row[] {
  return child ? [{ kind: 'child', child }] : [];
}

function startOf(entry: TraceEntry): number {
  switch (entry.kind) {
    case 'step':
      return entry.startedAt ?? entry.finishedAt ?? 0;
    case 'mark':
      return entry.event.at;
    case 'agent':
      return entry.first.at;
  }
}
