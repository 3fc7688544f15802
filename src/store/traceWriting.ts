// Who may write a session's trace, and the files it is written to: a new trace, or a new generation of one that
// nobody holds.

import { RlmError } from '../core/errors';
import type { SessionOpened } from '../core/event';
import { type TraceSink, heldElsewhere } from '../core/traceStore';
import { type Lease, judgeLease, releaseLease, takeLease, toHolderId } from './lease';
import { LeaseFolder } from './leaseFolder';
import type { SessionFolders } from './sessionFolders';
import type { SummaryCache } from './summaryCache';
import { TraceFile } from './traceFile';
import { readLastEvent } from './traceReader';
import type { TraceSegments } from './traceSegments';
import type { WrittenTraces } from './writtenTraces';

interface TraceWritingParts {
  readonly folders: SessionFolders;
  readonly written: WrittenTraces;
  readonly cache: SummaryCache;
  /** The engine that writes. */
  readonly engineId: string;
  /** Whether another engine on this home still runs. */
  readonly isEngineAlive: (engineId: string) => Promise<boolean>;
  /** Lends a trace that is of the session asked for; undefined where there is none. */
  readonly withTrace: <T>(
    sessionId: string,
    read: (trace: TraceSegments, lease: Lease) => Promise<T>,
  ) => Promise<T | undefined>;
  readonly onDidWrite: (sessionId: string) => void;
}

export class TraceWriting {
  readonly #parts: TraceWritingParts;

  constructor(parts: TraceWritingParts) {
    this.#parts = parts;
  }

  /** As `TraceStore.createTrace`. */
  async create(opened: SessionOpened): Promise<TraceSink> {
    const { folders, written, onDidWrite } = this.#parts;
    const { sessionId } = opened;
    const folder = folders.toPath(sessionId);
    await folders.ensure();
    written.announce(sessionId);
    const trace = await TraceFile.create(folder, opened, {
      onDidWrite: () => onDidWrite(sessionId),
    });
    return written.lend(sessionId, trace);
  }

  /** As `TraceStore.reopenTrace`. */
  async reopen(sessionId: string): Promise<TraceSink> {
    const { folders, written, engineId, onDidWrite } = this.#parts;
    const free = await this.#requireFree(sessionId);
    const folder = folders.toPath(sessionId);
    const leases = new LeaseFolder(folder);
    const record = await takeLease(leases, free, engineId);
    written.announce(sessionId);
    try {
      const trace = await TraceFile.goOn(folder, record.generation, {
        onDidWrite: () => onDidWrite(sessionId),
      });
      return await written.lend(sessionId, trace, () => releaseLease(leases, record));
    } catch (thrown) {
      written.leave(sessionId);
      await releaseLease(leases, record).catch(() => undefined); // it ends with the engine
      throw thrown;
    }
  }

  /** The lease as it was judged free to be taken. */
  async #requireFree(sessionId: string): Promise<Lease> {
    const { engineId, isEngineAlive, withTrace, cache, written } = this.#parts;
    const found = await withTrace(sessionId, async (trace, lease) => {
      const { size } = await trace.stat();
      const summary = await cache.read(sessionId, trace, 'head-and-tail');
      const last = await readLastEvent(trace, size);
      return (
        summary && {
          lease,
          openerId: summary.engineId,
          isClosed: last?.event.kind === 'session.closed' && last.offset >= trace.newestStart,
        }
      );
    });
    if (!found) {
      throw noSession(sessionId);
    }
    const { lease, openerId, isClosed } = found;
    const holderId = toHolderId(lease.record, openerId);
    const verdict = judgeLease(lease, {
      now: Date.now(),
      engineId,
      openerId,
      isWriting: written.isOpen(sessionId),
      isClosed,
      isHolderAlive: holderId !== null && holderId !== engineId && (await isEngineAlive(holderId)),
    });
    switch (verdict) {
      case 'free':
        return lease;
      case 'held':
        throw heldElsewhere('holds');
      case 'being_taken':
        throw heldElsewhere('has just taken');
    }
  }
}

export function noSession(sessionId: string): RlmError {
  return new RlmError('SESSION_NOT_FOUND', `There is no session ${sessionId.slice(0, 80)}.`, {
    nextStep: 'List the sessions with rlm_list_sessions.',
  });
}
