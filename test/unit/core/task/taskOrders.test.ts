// A task whose prompt is answered, whose work goes on with the answer, that is followed and that is stopped, in
// every order: it ends once, each call is told that end, and an answer that was taken reaches the work.

import assert from 'node:assert/strict';
import { neverAborted } from '../../../../src/base/abort';
import { toRlmError } from '../../../../src/core/errors';
import { createLimits, noUsage } from '../../../../src/core/limits';
import type { LoopResult } from '../../../../src/core/loop';
import { Task } from '../../../../src/core/task/task';
import { type Actor, runInEveryOrder } from '../../../support/everyOrder';
import { FakeClock } from '../../../support/fakeClock';
import { createRequest } from '../../../support/fakeProvider';

const call = { sample: null, waitMs: 5_000, ownsTask: false, showWhole: false } as const;

function toResult(answer: string): LoopResult {
  return {
    sessionId: 'session-1',
    answer,
    iterations: 1,
    warnings: [],
    finishReason: 'submitted',
    usage: noUsage,
    limits: createLimits(),
  };
}

describe('a task, in every order of what happens to it', () => {
  it('ends once, and loses no answer that it has taken', async () => {
    const seen = new Set<string>();
    const orders = await runInEveryOrder(() => {
      const clock = new FakeClock();
      let taken = false;
      let received: string | null = null;
      const ends: string[] = [];
      const reports: string[] = [];
      const task = new Task({
        kind: 'run',
        sessionId: null,
        clock,
        canSample: false,
        waitMs: 5_000,
        start: async ({ client, onProgress }, signal) => {
          onProgress({ kind: 'opened', sessionId: 'session-1' });
          assert.ok(client.ask);
          received = (await client.ask(createRequest(), signal)).text;
          return toResult(received);
        },
      });
      task.ended.then(
        ({ answer }) => ends.push(`completed ${answer}`),
        (thrown: unknown) => ends.push(toRlmError(thrown).code),
      );
      const follow = async (): Promise<string> => {
        try {
          const report = await task.follow(call, neverAborted);
          return report.status === 'completed'
            ? `completed ${report.result.answer}`
            : report.status;
        } catch (thrown) {
          return toRlmError(thrown).code;
        }
      };
      const answer: Actor = async (turn) => {
        for (let again = 0; again < 2; again += 1) {
          await turn();
          const report = task.status === 'input_required' ? await look(task, clock) : null;
          const id = report?.[0];
          if (id !== undefined) {
            void task.answer([{ id, text: 'yes' }]);
            taken = true;
          }
        }
      };
      const stop: Actor = async (turn) => {
        await turn();
        task.cancel();
        await turn();
        task.cancel();
      };
      const watch: Actor = async (turn) => {
        await turn();
        const told = follow();
        clock.advance(5_000);
        reports.push(await told);
        await turn();
      };
      return {
        actors: [answer, stop, watch],
        check: async (order) => {
          await task.ended.catch(() => undefined);
          const last = await follow();
          seen.add(`${ends[0]}, ${taken ? 'answered' : 'not answered'}`);
          assert.equal(ends.length, 1, order);
          assert.equal(last, ends[0], order);
          assert.equal(task.hasEnded, true, order);
          assert.ok(ends[0] === 'CANCELLED' || ends[0] === 'completed yes', `${order}: ${ends[0]}`);
          assert.equal(received, taken ? 'yes' : null, order);
          for (const told of reports) {
            assert.ok(['input_required', 'working', ends[0]].includes(told), `${order}: ${told}`);
          }
        },
      };
    });
    assert.ok(orders > 20, `${orders} orders`);
    assert.deepStrictEqual([...seen].sort(), [
      'CANCELLED, not answered',
      'completed yes, answered',
    ]);
  });
});

/** The ids of the prompts that are open. */
async function look(task: Task<'run'>, clock: FakeClock): Promise<readonly string[]> {
  const following = task.follow(call, neverAborted).catch(() => null);
  clock.advance(50);
  const report = await following;
  return report?.status === 'input_required' ? report.prompts.map(({ id }) => id) : [];
}
