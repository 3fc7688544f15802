// What `--json` prints: the domain's values with keys and times as on the wire.

import { toSnakeKeys } from '../../base/keys';

const timeKeys = new Set(['at', 'created_at', 'updated_at']);

/** Keys in snake_case, epoch milliseconds as ISO-8601 UTC. */
export function toJsonText(value: unknown, indent = 2): string {
  return JSON.stringify(
    toSnakeKeys(value),
    (key, field: unknown) =>
      timeKeys.has(key) && typeof field === 'number' ? new Date(field).toISOString() : field,
    indent,
  );
}
