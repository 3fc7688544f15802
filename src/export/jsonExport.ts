// A trace as one JSON document with the wire's names: what a program reads.

import { toSnakeKeys } from '../base/keys';
import type { ExportedTrace } from './exportedTrace';

/** Changes when a field is renamed, dropped or means something else. */
const formatVersion = 1;

/** `{version, session, events}`, indented; keys in snake_case, times as ISO 8601 in UTC. */
export function toJsonExport({ summary, events }: ExportedTrace): string {
  const document = {
    version: formatVersion,
    session: {
      ...summary,
      createdAt: toIsoTime(summary.createdAt),
      updatedAt: toIsoTime(summary.updatedAt),
    },
    events: events.map((event) => ({ ...event, at: toIsoTime(event.at) })),
  };
  return `${JSON.stringify(toSnakeKeys(document), null, 2)}\n`;
}

function toIsoTime(at: number): string {
  return new Date(at).toISOString();
}
