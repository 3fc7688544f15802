// Summaries of traces as far as they were read: one that has only grown since is folded on from there.

import { applyEvent, type Summary } from '../core/summary';
import { findWholeEnd, readLines } from './lineReader';
import { toEvent } from './traceReader';
import type { TraceBytes } from './traceSegments';
import { type ContextScope, readTraceSummary } from './traceSummary';

const maxEntries = 1_000;
/** Holds the checksum of a line's end, so that other lines of the same length are noticed. */
const sealBytes = 32;

interface Entry {
  readonly generation: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly scope: ContextScope;
  readonly summary: Summary | undefined;
  /** Where reading goes on, and what stands before it; null: it begins anew. */
  readonly end: { readonly offset: number; readonly seal: Buffer } | null;
}

export class SummaryCache {
  readonly #entries = new Map<string, Entry>();

  async read(
    sessionId: string,
    trace: TraceBytes,
    scope: ContextScope,
  ): Promise<Summary | undefined> {
    const { size, mtimeMs, generation = 0 } = await trace.stat();
    const old = this.#entries.get(sessionId);
    const isUsable = old?.generation === generation && (old.scope === scope || old.scope === 'all');
    if (isUsable && old.size === size && old.mtimeMs === mtimeMs) {
      return old.summary;
    }
    const grown = isUsable ? await foldOn(trace, old, size) : undefined;
    const summary = grown ?? (await readTraceSummary(trace, { sessionId, size, scope }));
    const end = summary && summary.status !== 'finalized' ? await readEnd(trace, size) : null;
    const reached = grown && isUsable ? old.scope : scope;
    this.#keep(sessionId, { generation, size, mtimeMs, scope: reached, summary, end });
    return summary;
  }

  forget(sessionId: string): void {
    this.#entries.delete(sessionId);
  }

  #keep(sessionId: string, entry: Entry): void {
    this.#entries.delete(sessionId);
    this.#entries.set(sessionId, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > maxEntries && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
  }
}

/** Undefined where the trace is not the one that was read before, grown. */
async function foldOn(trace: TraceBytes, old: Entry, size: number): Promise<Summary | undefined> {
  const { summary, end } = old;
  if (!summary || !end || size < old.size) {
    return undefined;
  }
  if (!(await readSeal(trace, end.offset)).equals(end.seal)) {
    return undefined;
  }
  let next = summary;
  for await (const line of readLines(trace, end.offset, size)) {
    const event = toEvent(line);
    next = event ? applyEvent(next, event) : next;
  }
  return next;
}

async function readEnd(trace: TraceBytes, size: number): Promise<Entry['end']> {
  const offset = await findWholeEnd(trace, size);
  return { offset, seal: await readSeal(trace, offset) };
}

async function readSeal(trace: TraceBytes, end: number): Promise<Buffer> {
  const seal = Buffer.alloc(Math.min(sealBytes, end));
  const { bytesRead } = await trace.read(seal, 0, seal.length, end - seal.length);
  return seal.subarray(0, bytesRead);
}
