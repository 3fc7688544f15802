// Keeps a started worker of each kind in use in reserve, so that a new session need not wait for one.

import type { Disposable } from '../base/disposable';
import { toRlmError } from '../core/errors';
import type { KindStatus, WorkerKind } from '../protocol/sandboxProcess';
import type { WorkerHandle } from './workerHandle';

/** Source: boot storms starve a small machine; two starts at once keep two cores busy. */
const maxStarting = 2;

export interface WorkerSource {
  /** Settles when the worker is ready. */
  start(kind: WorkerKind): Promise<WorkerHandle>;
  /** Whether one would start, for less than a start; left out: only a start tells. */
  probe?(kind: WorkerKind): Promise<WorkerState>;
  /** Whether one is kept in reserve; left out: of every kind. */
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
  readonly #known = new Map<string, KnownState>();
  readonly #waiting: (() => void)[] = [];
  readonly #refilling = new Set<string>();
  #starting = 0;
  #disposed = false;

  constructor(source: WorkerSource) {
    this.#source = source;
  }

  /** Of one kind, or of all. */
  countWarm(kind?: WorkerKind): number {
    const chosen = kind ? [this.#warm.get(toKey(kind)) ?? []] : [...this.#warm.values()];
    return chosen.reduce((sum, workers) => sum + workers.length, 0);
  }

  /**
   * A ready worker that nobody else has. The reserve is not filled up by this: a start takes a core from
   * the context that loads next. @throws RlmError 'SANDBOX_EXEC_ERROR' | 'BACKEND_UNAVAILABLE'
   */
  async take(kind: WorkerKind): Promise<WorkerHandle> {
    const workers = this.#warm.get(toKey(kind));
    for (let warm = workers?.pop(); warm; warm = workers?.pop()) {
      if (warm.endedBy === null) {
        return warm;
      }
      warm.dispose();
    }
    return this.#start(kind);
  }

  /** Sees to it that one worker waits; never rejects. */
  prewarm(kind: WorkerKind): void {
    const key = toKey(kind);
    const waiting = this.#warm.get(key)?.length ?? 0;
    const isKept = this.#source.keepsWarm?.(kind) ?? true;
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
    const seen = this.#known.get(toKey(kind));
    if (seen?.works === true) {
      return seen;
    }
    if (this.#source.probe) {
      return this.#source.probe(kind).then(toWorking, toFailing);
    }
    if (!seen) {
      await this.#start(kind)
        .then((worker) => this.#keep(kind, worker))
        .catch(() => undefined); // noted in #known
    }
    return this.#known.get(toKey(kind)) ?? toFailing(new Error('not started'));
  }

  dispose(): void {
    this.#disposed = true;
    for (const worker of [...this.#warm.values()].flat()) {
      worker.dispose();
    }
    this.#warm.clear();
  }

  #keep(kind: WorkerKind, worker: WorkerHandle): void {
    if (this.#disposed) {
      worker.dispose();
      return;
    }
    const key = toKey(kind);
    this.#warm.set(key, [...(this.#warm.get(key) ?? []), worker]);
  }

  async #start(kind: WorkerKind): Promise<WorkerHandle> {
    while (this.#starting >= maxStarting) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#starting += 1;
    try {
      const worker = await this.#source.start(kind);
      this.#known.set(toKey(kind), toWorking(worker));
      return worker;
    } catch (thrown) {
      this.#known.set(toKey(kind), toFailing(thrown));
      throw thrown;
    } finally {
      this.#starting -= 1;
      this.#waiting.shift()?.();
    }
  }
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
