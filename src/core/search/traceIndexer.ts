// Brings an index in line with the traces of a home: reads what is new in those that have changed, and drops those
// that are gone. Safe beside other engines that do the same, and after an end at any moment.

import type { Masker } from '../agent/masking';
import { RlmError } from '../errors';
import type { SessionOpened, TraceEvent } from '../event';
import type { TraceStore } from '../traceStore';
import type {
  ContextIndex,
  IndexBatch,
  IndexedSession,
  IndexEntry,
  IndexStanding,
} from './contextIndex';
import { foldIntoEntries, type HeldEntries, nothingHeld } from './indexEntries';

interface TraceIndexerParts {
  readonly traces: TraceStore;
  readonly index: ContextIndex;
  /** What is masked in a trace is masked here; so are secrets in the texts of sessions with a REPL. */
  readonly masker: Pick<Masker, 'mask'>;
}

export interface CatchUpReport {
  /** Traces that could not be read; they are tried again with the next run. */
  readonly failed: readonly string[];
}

/** Another engine goes on with the same trace: it is looked at again so often. */
const maxContended = 3;

export class TraceIndexer {
  readonly #parts: TraceIndexerParts;
  #last: Promise<unknown> = Promise.resolve();
  #waiting: Promise<CatchUpReport> | null = null;
  #pending = 0;
  #disposed = false;

  constructor(parts: TraceIndexerParts) {
    this.#parts = parts;
  }

  /** Sessions that the run now at work has yet to look at. */
  get pending(): number {
    return this.#pending;
  }

  /** All that is on the disk when it is called is in the index when it settles; calls before it begins share it. */
  catchUp(): Promise<CatchUpReport> {
    if (this.#waiting) {
      return this.#waiting;
    }
    const run = this.#last.then(() => {
      this.#waiting = null;
      return this.#run();
    });
    this.#waiting = run;
    this.#last = run.catch(() => undefined);
    return run;
  }

  /** Ends the run at work behind the piece that it is at. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#last;
  }

  async #run(): Promise<CatchUpReport> {
    const { traces, index } = this.#parts;
    const marks = await traces.listMarks();
    const standings = await index.readStandings();
    const gone = [...standings.keys()].filter((sessionId) => !marks.has(sessionId));
    if (gone.length > 0) {
      await index.forget(gone);
    }
    const changed = [...marks].filter(([id, mark]) => standings.get(id)?.mark !== mark);
    this.#pending = changed.length;
    const failed: string[] = [];
    try {
      for (const [sessionId, mark] of changed) {
        if (this.#disposed) {
          break;
        }
        const isRead = await this.#follow(sessionId, mark, standings.get(sessionId) ?? null);
        if (!isRead) {
          failed.push(sessionId);
        }
        this.#pending -= 1;
      }
    } finally {
      this.#pending = 0;
    }
    return { failed };
  }

  /** False where its trace could not be read. */
  async #follow(sessionId: string, mark: string, found: IndexStanding | null): Promise<boolean> {
    const { traces, index } = this.#parts;
    let standing = found;
    let contended = 0;
    for (;;) {
      const piece = await traces
        .readOn(sessionId, standing?.position ?? null)
        .catch((thrown: unknown) => (isGone(thrown) ? 'gone' : 'failed'));
      if (piece === 'gone') {
        await index.forget([sessionId]);
        return true;
      }
      if (piece === 'failed') {
        return false;
      }
      const before = piece.isRestart ? null : standing;
      const batch = toBatch(
        sessionId,
        { piece, mark, before, from: standing?.position ?? null },
        this.#parts.masker,
      );
      if (await index.write(batch)) {
        standing = batch.to;
        if (piece.isEnd || this.#disposed) {
          return true;
        }
      } else {
        contended += 1;
        standing = (await index.readStandings()).get(sessionId) ?? null;
        if (standing?.mark === mark || contended === maxContended) {
          return true; // the other engine has seen to it, or is about to
        }
      }
    }
  }
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof RlmError && thrown.code === 'SESSION_NOT_FOUND';
}

interface ReadPiece {
  readonly piece: Awaited<ReturnType<TraceStore['readOn']>>;
  readonly mark: string;
  /** Null: these are the first events. */
  readonly before: IndexStanding | null;
  readonly from: string | null;
}

function toBatch(
  sessionId: string,
  { piece, mark, before, from }: ReadPiece,
  masker: TraceIndexerParts['masker'],
): IndexBatch {
  const first = before?.nextNumber ?? 0;
  const put = new Map<number, IndexEntry>();
  const remove: number[] = [];
  let held = parseHeld(before?.held ?? '');
  piece.events.forEach((event, index) => {
    const number = first + index;
    const fold = foldIntoEntries(held, event, { sessionId, number });
    held = fold.held;
    if (fold.remove !== null && !put.delete(fold.remove)) {
      remove.push(fold.remove);
    }
    if (fold.put) {
      put.set(number, maskEntry(fold.put, masker));
    }
  });
  const step = held.step && { ...held.step, code: masker.mask(held.step.code) };
  return {
    sessionId,
    session: toSession(sessionId, piece.events, masker),
    from,
    isRestart: piece.isRestart,
    put: [...put.values()],
    remove,
    to: {
      mark: piece.isEnd ? mark : '',
      position: piece.position,
      nextNumber: first + piece.events.length,
      held: JSON.stringify({ ...held, step }),
      unreadable: (before?.unreadable ?? 0) + piece.unreadable,
    },
  };
}

function maskEntry(entry: IndexEntry, masker: TraceIndexerParts['masker']): IndexEntry {
  const mask = (text: string): string => masker.mask(text);
  return {
    ...entry,
    title: mask(entry.title),
    text: mask(entry.text),
    files: entry.files.map(mask),
    tags: entry.tags.map(mask),
  };
}

/** What is fixed about a session when it is opened; of a later piece nothing is known of that. */
function toSession(
  sessionId: string,
  events: readonly TraceEvent[],
  masker: TraceIndexerParts['masker'],
): IndexedSession | null {
  const opened = events.find((event): event is SessionOpened => event.kind === 'session.opened');
  if (!opened) {
    return null;
  }
  const { parentSessionId, sourceStep } = opened;
  return {
    sessionId,
    title: masker.mask(opened.title),
    profileId: opened.agent?.profileId ?? null,
    parentSessionId,
    relationship: parentSessionId === null ? null : sourceStep === null ? 'child' : 'fork',
  };
}

/** Written by `toBatch`, also in an earlier run; what is no such text holds nothing. */
function parseHeld(text: string): HeldEntries {
  try {
    return text === '' ? nothingHeld : (JSON.parse(text) as HeldEntries); // the index keeps it as it was given
  } catch {
    return nothingHeld;
  }
}
