// Whether a session may go on: what its limits and those that it shares with others say, and its stop.

import type { Disposable } from '../base/disposable';
import type { SerialQueue } from '../base/serialQueue';
import type { Budget } from './budget';
import type { Clock } from './clock';
import type { StopCause } from './event';
import { Guardrails } from './guardrails';
import type { Limits, SharedLimits, StopReason, Usage } from './limits';
import type { Recorder } from './recorder';
import { requireActive } from './sessionErrors';
import type { SessionModels } from './sessionModels';
import { narrowLimits, readSharedLimits } from './sharedLimits';
import type { Summary } from './summary';
import { WorkPool } from './workPool';

interface StandingParts {
  readonly limits: Limits;
  readonly recorder: Recorder;
  readonly models: SessionModels;
  readonly clock: Clock;
  /** Steps, loads and whatever else runs one after another in the session. */
  readonly queue: SerialQueue;
  /** Of the session whose code asked for this one; null: this one pays for itself. */
  readonly parentBudget: Budget | null;
  /** Of the run that this one is a part of; null: it is none. */
  readonly pool: WorkPool | null;
  /** `maxSessionMs` is over: ends also what the sandbox does not time, waiting for a model or a caller. */
  readonly onOverTime: () => void;
}

export class SessionStanding implements Disposable {
  readonly guardrails: Guardrails;
  readonly #parts: StandingParts;
  /** Of the run that it is a part of, or whose parts are its children. */
  #pool: WorkPool | null;
  /** Why the session is being stopped, as soon as that is asked for. */
  #stopping: StopCause | null = null;
  #isDisposed = false;

  constructor(parts: StandingParts) {
    const { limits, pool, clock, onOverTime } = parts;
    this.#parts = parts;
    this.#pool = pool;
    const end = (): void => {
      onOverTime();
      void this.stop('timeout').catch(() => undefined); // the recorder keeps it for the next call
    };
    this.guardrails = new Guardrails({ limits, pool, clock, onOverTime: end });
  }

  /** While the session is active, what its children have used and what others leave is as it stands now. */
  get summary(): Summary {
    const { recorder, models } = this.#parts;
    const { summary } = recorder;
    if (summary.status !== 'active') {
      return summary;
    }
    const usage = models.readUsage();
    return { ...summary, usage, shared: this.readShared(usage) };
  }

  /** Its limits, as far as others leave them. */
  get limits(): Limits {
    return narrowLimits(this.summary);
  }

  readShared(usage: Usage): SharedLimits {
    const { limits, parentBudget } = this.#parts;
    return readSharedLimits({ limits, usage }, { pool: this.#pool, parentBudget });
  }

  /** Steps and running time of its limits for the parts of its run, which use them up together. */
  createPool(): WorkPool {
    this.#pool = new WorkPool(this.#parts.limits);
    return this.#pool;
  }

  judge(): StopReason | null {
    return this.guardrails.judge(this.summary.usage, this.#parts.models.leftChars);
  }

  /** @throws RlmError 'SESSION_FINALIZED' | 'GUARDRAIL_STOPPED', also while a stop is not on record yet. */
  requireActive(): void {
    const { summary } = this;
    requireActive(
      this.#stopping !== null && summary.status === 'active'
        ? { ...summary, status: 'stopped', stopCause: this.#stopping }
        : summary,
    );
  }

  /** Records the stop where a limit is reached. @throws RlmError as `requireActive`. */
  async refuseOverLimit(): Promise<void> {
    this.requireActive();
    const reason = this.judge();
    if (reason) {
      await this.#recordStop(reason);
      this.requireActive();
    }
  }

  /** What is queued does not run any more, as after `stop`, which must follow. */
  refuseQueued(cause: StopCause): void {
    this.#stopping ??= cause;
  }

  /** What is queued is refused from now on; on record the stop comes after the step that runs. */
  async stop(cause: StopCause): Promise<void> {
    this.refuseQueued(cause);
    await this.#parts.queue.run(async () => {
      if (this.summary.status === 'active' && !this.#isDisposed) {
        await this.#recordStop(cause);
      }
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    this.guardrails.dispose();
  }

  async #recordStop(cause: StopCause): Promise<void> {
    const { recorder, models } = this.#parts;
    const usage = models.readUsage();
    await recorder.append({ kind: 'session.stopped', cause }, { status: 'stopped', usage });
  }
}
