// How a thread is stopped so that nothing of it runs on. Source: measured with 0.171, where `turn/interrupt` leaves the
// command of the turn running, `thread/backgroundTerminals/clean` ends what the thread has started, and neither
// reaches what has left Codex's sessions outside a sandbox.

import type { StopMeasure, StopReport } from '../../core/agent/agentDriver';
import type { Clock } from '../../core/clock';

/** `refused` by Codex: there was nothing to do, or it cannot. */
export type StopAnswer = 'done' | 'refused' | 'none';

export interface StoppedThread {
  /** Null: no turn runs. */
  turnId(): string | null;
  hasCommands(): boolean;
  isProcessGone(): boolean;
  cancelApprovals(): void;
  /** What is being said may still begin a turn. */
  untilSaid(deadlineMs: number): Promise<void>;
  /** False: a turn runs still. */
  untilIdle(deadlineMs: number): Promise<boolean>;
  call(method: string, deadlineMs: number): Promise<StopAnswer>;
  /** Resolves when it is gone. */
  killProcess(): Promise<void>;
  listLeftovers(): Promise<readonly number[]>;
  endLeftovers(): Promise<number>;
  /** Without walls of Codex's, where nothing can be found, nothing is certain. */
  readonly hasWalls: boolean;
  readonly canFindLeftovers: boolean;
}

export interface StopDeadlines {
  readonly saidMs: number;
  readonly interruptMs: number;
  /** What Codex ends needs so long to be gone. */
  readonly settleMs: number;
  readonly idleMs: number;
  readonly archiveMs: number;
}

export const stopDeadlines: StopDeadlines = {
  saidMs: 1_000,
  interruptMs: 1_500,
  settleMs: 300,
  idleMs: 4_000,
  archiveMs: 1_500,
};
const pollMs = 50;

export async function stopThread(
  thread: StoppedThread,
  clock: Clock,
  deadlines: StopDeadlines = stopDeadlines,
): Promise<StopReport> {
  const startedAt = clock.monotonic();
  const measures: StopMeasure[] = [];
  const took = (measure: StopMeasure): void => {
    if (!measures.includes(measure)) {
      measures.push(measure);
    }
  };
  thread.cancelApprovals();
  await thread.untilSaid(deadlines.saidMs);
  const hadCommands = thread.hasCommands();
  if (
    thread.turnId() !== null &&
    (await thread.call('turn/interrupt', deadlines.interruptMs)) === 'done'
  ) {
    took('interrupted');
  }
  const cleaned = await thread.call('thread/backgroundTerminals/clean', deadlines.interruptMs);
  if (cleaned === 'done' && hadCommands) {
    took('terminals closed');
  }
  await sweep(thread, clock, deadlines, took);
  let isConfirmed = (await thread.untilIdle(deadlines.idleMs)) && cleaned === 'done';
  if (!isConfirmed && !thread.isProcessGone()) {
    if ((await thread.call('thread/archive', deadlines.archiveMs)) === 'done') {
      took('archived');
      isConfirmed = await thread.untilIdle(deadlines.archiveMs);
    }
  }
  if (!isConfirmed && !thread.isProcessGone()) {
    await thread.killProcess();
    took('process killed');
  }
  await sweep(thread, clock, deadlines, took);
  const left = await thread.listLeftovers();
  return {
    measures,
    isCertain: left.length === 0 && (thread.canFindLeftovers || thread.hasWalls),
    durationMs: clock.monotonic() - startedAt,
  };
}

/** What Codex has ended goes by itself; what stays is killed. */
async function sweep(
  thread: StoppedThread,
  clock: Clock,
  { settleMs }: StopDeadlines,
  took: (measure: StopMeasure) => void,
): Promise<void> {
  const until = clock.monotonic() + settleMs;
  while ((await thread.listLeftovers()).length > 0) {
    if (clock.monotonic() >= until) {
      if ((await thread.endLeftovers()) > 0) {
        took('leftovers killed');
      }
      return;
    }
    await new Promise<void>((resolve) => clock.after(pollMs, resolve));
  }
}
