// A trace as one JSON document with the wire's names: what a program reads.

import { toSnakeKeys } from '../base/keys';
import { toWellFormedJson } from '../base/wellFormed';
import { countUnreadable } from '../core/unreadableLines';
import type { ExportedTrace } from './exportedTrace';

/** Changes when a field is renamed, dropped or means something else. */
const formatVersion = 1;

/**
 * `{version, session, events}`, indented; keys in snake_case, times as ISO 8601 in UTC. Where halves of surrogate
 * pairs became U+FFFD, `replaced_surrogates` at the end says how many; `unreadable_lines` and
 * `unreadable` do for lines of the trace that could not be read, and where they stood.
 */
export async function* toJsonExport({
  summary,
  events,
  readUnreadable,
}: ExportedTrace): AsyncGenerator<string> {
  const session = {
    ...summary,
    createdAt: toIsoTime(summary.createdAt),
    updatedAt: toIsoTime(summary.updatedAt),
  };
  let replacedInAll = 0;
  const toJson = (value: object, indent: string): string => {
    const { value: wellFormed, replaced } = toWellFormedJson(toSnakeKeys(value));
    replacedInAll += replaced;
    return JSON.stringify(wellFormed, null, 2).replaceAll('\n', `\n${indent}`);
  };
  const head = toJson({ version: formatVersion, session }, '');
  yield `${head.slice(0, -'\n}'.length)},\n  "events": [`;
  let comma = '';
  for await (const event of events) {
    yield `${comma}\n    ${toJson({ ...event, at: toIsoTime(event.at) }, '    ')}`;
    comma = ',';
  }
  const note = replacedInAll === 0 ? '' : `,\n  "replaced_surrogates": ${replacedInAll}`;
  const unreadable = readUnreadable?.() ?? [];
  const places = unreadable.map(({ lines, afterStep, beforeStep }) =>
    toJson({ lines, afterStep, beforeStep }, '    '),
  );
  const lack =
    unreadable.length === 0
      ? ''
      : `,\n  "unreadable_lines": ${countUnreadable(unreadable)},\n  "unreadable": [\n    ${places.join(',\n    ')}\n  ]`;
  yield `\n  ]${note}${lack}\n}\n`;
}

function toIsoTime(at: number): string {
  return new Date(at).toISOString();
}
