// What an exported page holds for the viewer in it, and under which ids: one part about the session,
// and its events in pages that are parsed one after the other.

import { toWellFormedJson } from '../base/wellFormed';
import type { TraceEvent } from '../core/event';
import type { Summary } from '../core/summary';
import type { UnreadableLines } from '../core/unreadableLines';

/**
 * Ids of inert script elements that hold JSON; several pages of events stand under one id each: `…0`, `…1`. A document
 * without the end is one whose file was cut.
 */
export const pageParts = { start: 'rlm-start', events: 'rlm-events-', end: 'rlm-end' } as const;

export interface PageStart {
  readonly summary: Summary;
}

export interface PageEvents {
  readonly events: readonly TraceEvent[];
  /** Of this page. */
  readonly unreadable: readonly UnreadableLines[];
}

/**
 * JSON that can stand in a script element: without `<`, nothing in it ends or nests one. Half a surrogate pair
 * becomes U+FFFD.
 */
export function toInertJson(value: unknown): string {
  return JSON.stringify(toWellFormedJson(value).value).replaceAll('<', '\\u003c');
}
