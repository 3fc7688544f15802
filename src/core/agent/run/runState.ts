// Where a run stands: its status, its place in line, the time that it ran, and who waits for its rest.

import { DisposableStore } from '../../../base/disposable';
import { Emitter } from '../../../base/emitter';
import type { Clock } from '../../clock';
import type { AgentBudget } from '../agentBudget';
import type { AgentUsage } from '../agentEvent';
import type { AgentStatus } from '../agentState';

export class RunState {
  queuePlace: number | null = null;
  readonly #clock: Clock;
  readonly #budget: AgentBudget;
  readonly #rested = new Emitter<void>();
  /** Fires when nothing of it runs any more, for now or for good. */
  readonly onDidRest = this.#rested.event;
  #status: AgentStatus;
  #runningSince: number | null = null;
  #isRested = false;

  constructor(
    status: AgentStatus,
    { clock, budget }: { readonly clock: Clock; readonly budget: AgentBudget },
  ) {
    this.#status = status;
    this.#clock = clock;
    this.#budget = budget;
  }

  get status(): AgentStatus {
    return this.#status;
  }

  /** Since it began to run, which the budget does not have yet. */
  get runningMs(): number {
    return this.#runningSince === null ? 0 : this.#clock.monotonic() - this.#runningSince;
  }

  get usage(): AgentUsage {
    const { used } = this.#budget;
    return { ...used, wallMs: used.wallMs + this.runningMs };
  }

  /** Time counts only while it runs. */
  changeTo(to: AgentStatus): void {
    if (this.#runningSince !== null) {
      this.#budget.spend('wallMs', this.runningMs);
    }
    this.#status = to;
    this.#runningSince = to === 'running' ? this.#clock.monotonic() : null;
  }

  beginAgain(): void {
    this.#isRested = false;
  }

  rest(): void {
    if (!this.#isRested) {
      this.#isRested = true;
      this.#rested.fire();
    }
  }

  /** Settles when it is at rest and on record so, or after `waitMs`; null: however long it takes. */
  async whenAtRest(waitMs: number | null, signal: AbortSignal): Promise<void> {
    if (this.#isRested || signal.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      const store = new DisposableStore();
      const done = (): void => {
        store.dispose();
        resolve();
      };
      store.add(this.#rested.event(done));
      if (waitMs !== null) {
        store.add(this.#clock.after(waitMs, done));
      }
      signal.addEventListener('abort', done, { once: true });
      store.add({ dispose: () => signal.removeEventListener('abort', done) });
    });
  }
}
