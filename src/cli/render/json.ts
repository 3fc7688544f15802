// What `--json` prints: the domain's values with keys and times as on the wire. The text is well-formed
// Unicode, and passes no control character to a terminal: JSON's own escapes stand for them.

import { toSnakeKeys } from '../../base/keys';
import { escapeControls } from '../../base/visible';
import { toWellFormedJson } from '../../base/wellFormed';

const timeKeys = new Set(['at', 'created_at', 'updated_at']);

/**
 * Keys in snake_case, epoch milliseconds as ISO-8601 UTC. Where halves of surrogate pairs were replaced,
 * `replaced_surrogates` says how many.
 */
export function toJsonText(value: object, indent = 2): string {
  const { value: wellFormed, replaced } = toWellFormedJson(toSnakeKeys(value));
  // An object went in, and a list is never given.
  const said =
    replaced === 0 ? wellFormed : { ...(wellFormed as object), replaced_surrogates: replaced };
  const text = JSON.stringify(
    said,
    (key, field: unknown) =>
      timeKeys.has(key) && typeof field === 'number' ? new Date(field).toISOString() : field,
    indent,
  );
  return escapeControls(text);
}
