// Keeps a started worker of each kind in use in reserve, so that a new session need not wait for one.

import { neverAborted, untilAborted } from '../base/abort';
import type { Disposable } from '../base/disposable';
import { type RlmError, cancelledError, toRlmError } from '../core/errors';
import type { KindStatus, WorkerKind } from '../protocol/sandboxProcess';
import type { WorkerHandle } from './workerHandle';

/** Source: boot storms starve a small machine; two starts at once keep two cores busy. */
const maxStarting = 2;
/** What worked on another machine may have stopped to: it is asked for again after this time. */
const elsewhereMs = 15_000;
const unheard: StartControl = { signal: neverAborted, onStage: () => undefined };

/** Of one start. */
export interface StartControl {
  /** Nobody waits for it any more: it may stop, and leaves nothing behind then. */
  readonly signal: AbortSignal;
  /** Where it is, in words for people; called for starts that take long. */
  readonly onStage: (stage: string) => void;
}

export interface WorkerSource {
  /** Settles when the worker is ready. */
  start(kind: WorkerKind, control: StartControl): Promise<WorkerHandle>;
  /** Whether one would start, for less than a start; left out: only a start tells. */
  probe?(kind: WorkerKind): Promise<WorkerState>;
  /** On another machine: it costs this one no start; left out: none is. */
  isElsewhere?(kind: WorkerKind): boolean;
  /** Of what is elsewhere, and paid for while it waits, whether one is kept in reserve; left out: none is. */
  keepsWarm?(kind: WorkerKind): boolean;
  /** Once what was let go of is gone also where it is elsewhere. */
  settle?(): Promise<void>;
}

/** Of one that works. */
export type WorkerState = Pick<WorkerHandle, 'detail' | 'walls' | 'image' | 'imageDigest'>;

type KnownState = Omit<KindStatus, 'live' | 'warm'>;

export class WorkerPool implements Disposable {
  readonly #source: WorkerSource;
  readonly #warm = new Map<string, WorkerHandle[]>();
  readonly #known = new Map<string, { readonly state: KnownState; readonly at: number }>();
  readonly #waiting: (() => void)[] = [];
  readonly #refilling = new Set<string>();
  #starting = 0;
  #disposed = false;

  readonly #now: () => number;

  constructor(source: WorkerSource, now = () => performance.now()) {
    this.#source = source;
    this.#now = now;
  }

  /** Of one kind, or of all. */
  countWarm(kind?: WorkerKind): number {
    const chosen = kind ? [this.#warm.get(toKey(kind)) ?? []] : [...this.#warm.values()];
    return chosen.reduce((sum, workers) => sum + workers.length, 0);
  }

  /**
   * A ready worker that nobody else has. The reserve is not filled up by this: a start takes a core from
   * the context that loads next. @throws RlmError 'SANDBOX_EXEC_ERROR' | 'BACKEND_UNAVAILABLE' | 'CANCELLED'
   */
  async take(kind: WorkerKind, control = unheard): Promise<WorkerHandle> {
    const workers = this.#warm.get(toKey(kind));
    for (let warm = workers?.pop(); warm; warm = workers?.pop()) {
      if (warm.endedBy === null) {
        return warm;
      }
      warm.dispose();
    }
    const started = this.#start(kind, control);
    try {
      return await untilAborted(started, control.signal, cancelled);
    } catch (thrown) {
      started.then((worker) => worker.dispose()).catch(() => undefined); // nobody takes it any more
      throw thrown;
    }
  }

  /** Sees to it that one worker waits; never rejects. */
  prewarm(kind: WorkerKind): void {
    const key = toKey(kind);
    const waiting = this.#warm.get(key)?.length ?? 0;
    const isElsewhere = this.#source.isElsewhere?.(kind) ?? false;
    const isKept = !isElsewhere || (this.#source.keepsWarm?.(kind) ?? false);
    if (!isKept || waiting > 0 || this.#refilling.has(key) || this.#disposed) {
      return;
    }
    this.#refilling.add(key);
    void this.#start(kind)
      .then((worker) => this.#keep(kind, worker))
      .catch(() => undefined) // a session that needs one will say why it cannot start
      .finally(() => this.#refilling.delete(key));
  }

  /** Whether a kind works: by what was seen, else by a trial. */
  async readState(kind: WorkerKind): Promise<KnownState> {
    const seen = this.#readKnown(kind);
    const isElsewhere = this.#source.isElsewhere?.(kind) ?? false;
    if (seen?.state.works && !(isElsewhere && this.#now() - seen.at > elsewhereMs)) {
      return seen.state;
    }
    if (this.#source.probe) {
      const state = await this.#source.probe(kind).then(toWorking, toFailing);
      if (isElsewhere) {
        this.#note(kind, state);
      }
      return state;
    }
    if (!seen) {
      await this.#start(kind)
        .then((worker) => this.#keep(kind, worker))
        .catch(() => undefined); // noted in #known
    }
    return this.#readKnown(kind)?.state ?? toFailing(new Error('not started'));
  }

  dispose(): void {
    this.#disposed = true;
    for (const worker of [...this.#warm.values()].flat()) {
      worker.dispose();
    }
    this.#warm.clear();
  }

  #readKnown(kind: WorkerKind) {
    return this.#known.get(toKey(kind));
  }

  #note(kind: WorkerKind, state: KnownState): void {
    this.#known.set(toKey(kind), { state, at: this.#now() });
  }

  #keep(kind: WorkerKind, worker: WorkerHandle): void {
    if (this.#disposed) {
      worker.dispose();
      return;
    }
    const key = toKey(kind);
    this.#warm.set(key, [...(this.#warm.get(key) ?? []), worker]);
  }

  async #start(kind: WorkerKind, control = unheard): Promise<WorkerHandle> {
    const isHere = !(this.#source.isElsewhere?.(kind) ?? false);
    while (isHere && this.#starting >= maxStarting) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#starting += isHere ? 1 : 0;
    try {
      if (this.#disposed || control.signal.aborted) {
        throw cancelled();
      }
      const worker = await this.#source.start(kind, control);
      this.#note(kind, toWorking(worker));
      return worker;
    } catch (thrown) {
      if (!control.signal.aborted) {
        this.#note(kind, toFailing(thrown));
      }
      throw thrown;
    } finally {
      this.#starting -= isHere ? 1 : 0;
      this.#waiting.shift()?.();
    }
  }
}

function cancelled(): RlmError {
  return cancelledError('The start of a sandbox');
}

/** Where one is made for each session, the session makes no other kind of it. */
function toKey({ language, place }: WorkerKind): string {
  return JSON.stringify([language, place && { ...place, sessionId: null }]);
}

function toWorking({ detail, walls, image, imageDigest }: WorkerState): KnownState {
  return { works: true, detail, nextStep: null, walls, image, imageDigest };
}

function toFailing(thrown: unknown): KnownState {
  const { message, nextStep } = toRlmError(thrown);
  return { works: false, detail: message, nextStep, walls: [], image: null, imageDigest: null };
}
