import assert from 'node:assert/strict';
import { DaytonaError } from '../../../../src/sandbox/native/daytona/daytonaHttp';
import {
  DaytonaRemovals,
  type Removal,
} from '../../../../src/sandbox/native/daytona/daytonaRemovals';

type Answer = 'deleted' | 'none' | number | 'unreachable';

/** The attempts that are made where Daytona answers so, and then always as the last time. */
async function remove(answers: readonly Answer[], removal: Removal): Promise<number> {
  let attempts = 0;
  const removals = new DaytonaRemovals(async () => undefined);
  const api = {
    deleteSandbox: async (): Promise<boolean> => {
      const answer = answers[Math.min(attempts, answers.length - 1)];
      attempts += 1;
      if (answer === 'deleted' || answer === 'none') {
        return answer === 'deleted';
      }
      throw new DaytonaError(typeof answer === 'number' ? answer : null, 'no', 'wait');
    },
  };
  removals.begin(api, removal);
  removals.begin(api, removal); // the same, which is under way
  await removals.settle();
  return attempts;
}

describe('removals of sandboxes at Daytona', () => {
  const cases: readonly [string, readonly Answer[], boolean, number][] = [
    ['that are there', ['deleted'], false, 1],
    ['that are gone', ['none'], false, 1],
    ['that still start', [409, 409, 409, 409, 'deleted'], false, 5],
    ['while Daytona is busy or out of reach', [503, 429, 'unreachable', 'deleted'], false, 4],
    ['with a key that was taken back', [401], false, 1],
    ['that may come to be', ['none', 'none', 409, 'deleted'], true, 4],
    ['that have never been', ['none'], true, 6],
    ['that cannot be had', [409], true, 11],
  ];
  for (const [what, answers, isUnsure, attempts] of cases) {
    it(`${what}: ${attempts} attempts`, async () => {
      assert.equal(await remove(answers, { idOrName: 'rlm-1', isUnsure }), attempts);
    });
  }
});
