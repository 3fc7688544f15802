// Keeps a started worker of each language in reserve, so that a new session need not wait for one.

import type { Disposable } from '../base/disposable';
import { toRlmError } from '../core/errors';
import type { Language, SandboxBackendStatus } from '../core/sandbox';
import type { WorkerHandle } from './workerHandle';

/** Source: boot storms starve a small machine; two starts at once keep two cores busy. */
const maxStarting = 2;

/** Settles when the worker is ready. */
export type StartWorker = (language: Language) => Promise<WorkerHandle>;

export class WorkerPool implements Disposable {
  readonly #startWorker: StartWorker;
  readonly #warm = new Map<Language, WorkerHandle[]>();
  readonly #working = new Map<Language, SandboxBackendStatus>();
  readonly #waiting: (() => void)[] = [];
  readonly #refilling = new Set<Language>();
  #starting = 0;
  #disposed = false;

  constructor(startWorker: StartWorker) {
    this.#startWorker = startWorker;
  }

  get warmWorkers(): number {
    return [...this.#warm.values()].reduce((sum, workers) => sum + workers.length, 0);
  }

  /**
   * A ready worker that nobody else has. The reserve is not filled up by this: a start takes a core from
   * the context that loads next. @throws RlmError 'SANDBOX_EXEC_ERROR'
   */
  async take(language: Language): Promise<WorkerHandle> {
    const warm = this.#warm.get(language)?.pop();
    return warm?.endedBy === null ? warm : this.#start(language);
  }

  /** Sees to it that one worker waits; never rejects. */
  prewarm(language: Language): void {
    const waiting = this.#warm.get(language)?.length ?? 0;
    if (waiting > 0 || this.#refilling.has(language) || this.#disposed) {
      return;
    }
    this.#refilling.add(language);
    void this.#start(language)
      .then((worker) => this.#keep(language, worker))
      .catch(() => undefined) // a session that needs one will say why it cannot start
      .finally(() => this.#refilling.delete(language));
  }

  /** Whether each language works: by what was seen, else by a trial start. */
  async readBackends(): Promise<readonly SandboxBackendStatus[]> {
    const languages: readonly Language[] = ['python', 'javascript'];
    return Promise.all(
      languages.map(async (language) => {
        if (!this.#working.has(language)) {
          await this.#start(language)
            .then((worker) => this.#keep(language, worker))
            .catch(() => undefined); // noted in #working
        }
        return this.#working.get(language) ?? { language, works: false, detail: 'not started' };
      }),
    );
  }

  dispose(): void {
    this.#disposed = true;
    for (const worker of [...this.#warm.values()].flat()) {
      worker.dispose();
    }
    this.#warm.clear();
  }

  #keep(language: Language, worker: WorkerHandle): void {
    if (this.#disposed) {
      worker.dispose();
      return;
    }
    this.#warm.set(language, [...(this.#warm.get(language) ?? []), worker]);
  }

  async #start(language: Language): Promise<WorkerHandle> {
    while (this.#starting >= maxStarting) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#starting += 1;
    try {
      const worker = await this.#startWorker(language);
      this.#working.set(language, { language, works: true, detail: worker.detail });
      return worker;
    } catch (thrown) {
      const { message } = toRlmError(thrown);
      this.#working.set(language, { language, works: false, detail: message });
      throw thrown;
    } finally {
      this.#starting -= 1;
      this.#waiting.shift()?.();
    }
  }
}
