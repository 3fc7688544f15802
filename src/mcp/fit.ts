// Keeps results within what a client may be sent: fields are shortened, never the JSON text.

import { toCutMark } from '../base/text';

/** Source: the tool contract, "Nothing a tool returns exceeds 100,000 characters". */
export const maxResultChars = 100_000;
/** Room for the list of what was cut. */
const reservedChars = 1_000;
/** Room for the mark at the end of a text that is cut. */
const markChars = 50;

export interface Cut {
  readonly field: string;
  readonly shown: number;
  readonly total: number;
}

export interface FitOptions {
  readonly maxChars?: number;
  /** Characters that a text lacks already, by field: they are counted in its mark. */
  readonly dropped?: Readonly<Record<string, number>>;
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
  { maxChars = maxResultChars, dropped = {} }: FitOptions = {},
): FitResult<T> {
  const missing = (field: string): number => dropped[field] ?? 0;
  const wanted = fields.map(
    (field) => countWanted(payload[field], maxChars) + (missing(field) > 0 ? markChars : 0),
  );
  const named = new Set<string>(fields);
  const all: [string, unknown][] = Object.entries(payload);
  const rest = all.map(([name, value]) => [name, named.has(name) ? 0 : value]);
  const others = countJsonChars(Object.fromEntries(rest));
  const shares = shareChars(wanted, maxChars - reservedChars - others);
  const cut: Cut[] = [];
  const changed: Record<string, unknown> = {};
  for (const [index, field] of fields.entries()) {
    const value = payload[field];
    const share = shares[index] ?? 0;
    const isLong = (wanted[index] ?? 0) > share;
    if (typeof value === 'string' && (isLong || missing(field) > 0)) {
      const shown = isLong ? cutJsonText(value, share - markChars) : value;
      const total = value.length + missing(field);
      changed[field] = shown + toCutMark(total - shown.length);
      cut.push({ field, shown: shown.length, total });
    } else if (isLong && Array.isArray(value)) {
      const shown = cutJsonList(value, share);
      changed[field] = shown;
      cut.push({ field, shown: shown.length, total: value.length });
    }
  }
  return { payload: { ...payload, ...changed }, cut };
}

/** Of a text that is too long anyway no more is written out than that. */
function countWanted(value: unknown, maxChars: number): number {
  const isLong = typeof value === 'string' && value.length > maxChars;
  return isLong ? value.length : countJsonChars(value);
}

/** The longest start of `text`, of whole characters, that takes at most `maxChars` characters as JSON. One pass. */
export function cutJsonText(text: string, maxChars: number): string {
  let used = 2;
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at) ?? 0;
    used += countEscaped(point);
    if (used > maxChars) {
      return text.slice(0, at);
    }
    at += point > 0xffff ? 2 : 1;
  }
  return text;
}

/** `text`, or as much of it as takes at most `maxChars` characters as JSON, and its mark. */
export function cutJsonMarked(text: string, maxChars: number): string {
  const shown = cutJsonText(text, maxChars - markChars);
  return shown.length === text.length || countJsonChars(text) <= maxChars
    ? text
    : shown + toCutMark(text.length - shown.length);
}

/** What `JSON.stringify` writes for one character. */
function countEscaped(point: number): number {
  if (point === 0x22 || point === 0x5c) {
    return 2;
  }
  if (point < 0x20) {
    return point === 0x08 || point === 0x09 || point === 0x0a || point === 0x0c || point === 0x0d
      ? 2
      : 6;
  }
  if (point > 0xffff) {
    return 2;
  }
  return point >= 0xd800 && point <= 0xdfff ? 6 : 1;
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
