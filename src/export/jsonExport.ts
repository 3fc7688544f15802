// A trace as one JSON document with the wire's names: what a program reads.

import { toSnakeKeys } from '../base/keys';
import type { ExportedTrace } from './exportedTrace';

/** Changes when a field is renamed, dropped or means something else. */
const formatVersion = 1;

/** `{version, session, events}`, indented; keys in snake_case, times as ISO 8601 in UTC. */
export async function* toJsonExport({ summary, events }: ExportedTrace): AsyncGenerator<string> {
  const session = {
    ...summary,
    createdAt: toIsoTime(summary.createdAt),
    updatedAt: toIsoTime(summary.updatedAt),
  };
  const head = toJson({ version: formatVersion, session }, '');
  yield `${head.slice(0, -'\n}'.length)},\n  "events": [`;
  let comma = '';
  for await (const event of events) {
    yield `${comma}\n    ${toJson({ ...event, at: toIsoTime(event.at) }, '    ')}`;
    comma = ',';
  }
  yield '\n  ]\n}\n';
}

function toJson(value: object, indent: string): string {
  return JSON.stringify(toSnakeKeys(value), null, 2).replaceAll('\n', `\n${indent}`);
}

function toIsoTime(at: number): string {
  return new Date(at).toISOString();
}
