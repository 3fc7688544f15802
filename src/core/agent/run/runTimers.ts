// The clocks of a run: how long it may run, how long without a sign of life, and how long it is held after its turn.

import type { Disposable } from '../../../base/disposable';
import type { Clock } from '../../clock';
import type { AgentBudget, AgentShortage } from '../agentBudget';

interface TimerParts {
  readonly clock: Clock;
  readonly budget: AgentBudget;
  /** 0: no limit. */
  readonly idleMs: number;
  readonly readRunningMs: () => number;
  readonly isRunning: () => boolean;
  readonly onWallOver: (shortage: AgentShortage | null) => void;
  readonly onIdle: () => void;
}

const wallCheckMs = 60_000;
const childCheckMs = 5_000;

export class RunTimers {
  readonly #parts: TimerParts;
  #wall: Disposable | null = null;
  #idle: Disposable | null = null;
  #rest: Disposable | null = null;

  constructor(parts: TimerParts) {
    this.#parts = parts;
  }

  /** It has begun to run. */
  start(): void {
    this.#watchWall();
    this.restartIdle();
  }

  stop(): void {
    this.#wall?.dispose();
    this.#idle?.dispose();
    this.#rest?.dispose();
  }

  /** It has given a sign of life. */
  restartIdle(): void {
    const { clock, idleMs, isRunning, onIdle } = this.#parts;
    this.#idle?.dispose();
    this.#idle = isRunning() && idleMs > 0 ? clock.after(idleMs, onIdle) : null;
  }

  /** Calls `letGo` after `delayMs`, and while something keeps it (`isKept`) later. */
  letGoAfter(delayMs: number, isKept: () => boolean, letGo: () => void): void {
    this.#rest = this.#parts.clock.after(delayMs, () => {
      if (isKept()) {
        this.letGoAfter(childCheckMs, isKept, letGo);
      } else {
        letGo();
      }
    });
  }

  /** Other runs of the same budget use it up too, so it is looked at again and again. */
  #watchWall(): void {
    const { clock, budget, readRunningMs, onWallOver } = this.#parts;
    const passed = readRunningMs();
    const left = budget.left('wallMs') - passed;
    if (left <= 0) {
      onWallOver(budget.findShortage('wallMs', passed + 1));
      return;
    }
    this.#wall = clock.after(Math.min(left, wallCheckMs), () => this.#watchWall());
  }
}
