// Keeps results within what a client may be sent: fields are shortened, never the JSON text.

import { cutText } from '../base/text';

/** Source: the tool contract, "Nothing a tool returns exceeds 100,000 characters". */
export const maxResultChars = 100_000;
/** Room for the list of what was cut. */
const reservedChars = 1_000;

export interface Cut {
  readonly field: string;
  readonly shown: number;
  readonly total: number;
}

interface FitResult<T> {
  readonly payload: T;
  readonly cut: Cut[];
}

/**
 * Shortens the named fields (texts or lists) until the payload fits: small ones stay whole, large
 * ones share what is left equally. Fields that are not named must fit by themselves.
 */
export function fitPayload<T extends object>(
  payload: T,
  fields: readonly (keyof T & string)[],
  maxChars = maxResultChars,
): FitResult<T> {
  const wanted = fields.map((field) => countJsonChars(payload[field]));
  const others = countJsonChars(payload) - wanted.reduce((sum, size) => sum + size, 0);
  const shares = shareChars(wanted, maxChars - reservedChars - others);
  const cut: Cut[] = [];
  const changed: Record<string, unknown> = {};
  for (const [index, field] of fields.entries()) {
    const value = payload[field];
    const share = shares[index] ?? 0;
    if ((wanted[index] ?? 0) > share && (typeof value === 'string' || Array.isArray(value))) {
      const shorter =
        typeof value === 'string' ? cutJsonText(value, share) : cutJsonList(value, share);
      changed[field] = shorter;
      cut.push({ field, shown: shorter.length, total: value.length });
    }
  }
  return { payload: { ...payload, ...changed }, cut };
}

/** The longest start of `text` that takes at most `maxChars` characters as JSON. */
export function cutJsonText(text: string, maxChars: number): string {
  if (countJsonChars(text) <= maxChars) {
    return text;
  }
  let fits = 0;
  let tooLong = text.length;
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (countJsonChars(cutText(text, middle).text) <= maxChars) {
      fits = middle;
    } else {
      tooLong = middle;
    }
  }
  return cutText(text, fits).text;
}

/** The longest start of `items` that takes at most `maxChars` characters as JSON. */
export function cutJsonList<T>(items: readonly T[], maxChars: number): T[] {
  let used = 2;
  const end = items.findIndex((item) => {
    used += countJsonChars(item) + 1;
    return used > maxChars + 1;
  });
  return items.slice(0, end === -1 ? items.length : end);
}

export function countJsonChars(value: unknown): number {
  return (JSON.stringify(value) as string | undefined)?.length ?? 0; // undefined has no JSON
}

/** Fair shares of `total`: nobody gets more than wanted, and who wants more gets equally much. */
function shareChars(wanted: readonly number[], total: number): number[] {
  let left = Math.max(0, total);
  const shares = wanted.map(() => 0);
  const bySize = [...wanted.keys()].sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  for (const [done, index] of bySize.entries()) {
    const share = Math.min(wanted[index] ?? 0, Math.floor(left / (bySize.length - done)));
    shares[index] = share;
    left -= share;
  }
  return shares;
}
