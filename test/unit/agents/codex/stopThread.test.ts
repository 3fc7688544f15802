// The recipe of a stop over everything that an app-server may answer to it.

import assert from 'node:assert/strict';
import {
  type StopAnswer,
  type StoppedThread,
  stopThread,
} from '../../../../src/agents/codex/stopThread';
import type { Clock } from '../../../../src/core/clock';

const answers: readonly StopAnswer[] = ['done', 'refused', 'none'];

interface Case {
  readonly runs: boolean;
  readonly interrupt: StopAnswer;
  readonly clean: StopAnswer;
  readonly archive: StopAnswer;
  /** What makes the turn end; null: nothing. */
  readonly endsBy: 'turn/interrupt' | 'thread/archive' | null;
  readonly leftovers: number;
}

const cases: readonly Case[] = [true, false].flatMap((runs) =>
  answers.flatMap((interrupt) =>
    answers.flatMap((clean) =>
      answers.flatMap((archive) =>
        (['turn/interrupt', 'thread/archive', null] as const).flatMap((endsBy) =>
          [0, 2].map((leftovers) => ({ runs, interrupt, clean, archive, endsBy, leftovers })),
        ),
      ),
    ),
  ),
);

/** Time passes as it is waited for. */
class PassingClock implements Clock {
  #now = 0;
  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#now;
  }
  after(delayMs: number, run: () => void) {
    this.#now += delayMs;
    queueMicrotask(run);
    return { dispose: () => undefined };
  }
}

function createThread(one: Case) {
  const calls: string[] = [];
  let isRunning = one.runs;
  let isGone = false;
  let left = one.leftovers;
  const given: Readonly<Record<string, StopAnswer>> = {
    'turn/interrupt': one.interrupt,
    'thread/backgroundTerminals/clean': one.clean,
    'thread/archive': one.archive,
  };
  const thread: StoppedThread = {
    turnId: () => (isRunning ? 'turn' : null),
    hasCommands: () => one.runs,
    isProcessGone: () => isGone,
    cancelApprovals: () => calls.push('cancel'),
    untilSaid: async () => undefined,
    untilIdle: async () => !isRunning,
    call: async (method) => {
      calls.push(method);
      const answer = isGone ? 'none' : (given[method] ?? 'refused');
      isRunning &&= !(answer === 'done' && one.endsBy === method);
      return answer;
    },
    killProcess: async () => {
      calls.push('kill');
      isGone = true;
      isRunning = false;
    },
    listLeftovers: async () => Array.from({ length: left }, (_, at) => at),
    endLeftovers: async () => {
      const ended = left;
      left = 0;
      return ended;
    },
    hasWalls: false,
    canFindLeftovers: true,
  };
  return { thread, calls, isStopped: () => !isRunning && left === 0 };
}

describe('a stop', () => {
  it('leaves nothing running, whatever is answered, and kills the process only when nothing else helps', async () => {
    for (const one of cases) {
      const { thread, calls, isStopped } = createThread(one);
      const report = await stopThread(thread, new PassingClock());
      const isEnded = !one.runs || (one.endsBy === 'turn/interrupt' && one.interrupt === 'done');
      const isArchived =
        one.archive === 'done' && (!one.runs || one.endsBy === 'thread/archive' || isEnded);
      const needsKill = !(isEnded && one.clean === 'done') && !isArchived;
      assert.deepStrictEqual(
        [isStopped(), report.isCertain, report.measures.includes('process killed'), calls[0]],
        [true, true, needsKill, 'cancel'],
        JSON.stringify(one),
      );
      assert.equal(
        report.measures.includes('leftovers killed'),
        one.leftovers > 0,
        JSON.stringify(one),
      );
    }
  });

  it('is not certain where nothing can be found and Codex had no walls', async () => {
    const { thread } = createThread({
      ...{ runs: false, interrupt: 'done', clean: 'done', archive: 'done' },
      ...{ endsBy: null, leftovers: 0 },
    });
    const report = await stopThread({ ...thread, canFindLeftovers: false }, new PassingClock());
    assert.deepStrictEqual([report.isCertain, report.measures], [false, []]);
  });
});
