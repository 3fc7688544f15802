import assert from 'node:assert/strict';
import { type Removal, Removals } from '../../../../src/sandbox/native/removals';

type Answer = 'deleted' | 'none' | number | 'unreachable';

class Refusal extends Error {
  constructor(readonly status: number | null) {
    super('no');
  }
}

/** The attempts that are made where its server answers so, and then always as the last time. */
async function remove(answers: readonly Answer[], isUnsure: boolean): Promise<number> {
  let attempts = 0;
  const removals = new Removals(async () => undefined);
  const removal: Removal = {
    name: 'rlm-1',
    isUnsure,
    remove: async () => {
      const answer = answers[Math.min(attempts, answers.length - 1)];
      attempts += 1;
      if (answer === 'deleted' || answer === 'none') {
        return answer === 'deleted';
      }
      throw new Refusal(typeof answer === 'number' ? answer : null);
    },
    isHopeless: (thrown) => thrown instanceof Refusal && thrown.status === 401,
  };
  removals.begin(removal);
  removals.begin(removal); // the same, which is under way
  await removals.settle();
  return attempts;
}

describe('removals of places on other machines', () => {
  const cases: readonly [string, readonly Answer[], boolean, number][] = [
    ['that are there', ['deleted'], false, 1],
    ['that are gone', ['none'], false, 1],
    ['that still start', [409, 409, 409, 409, 'deleted'], false, 5],
    ['while their server is busy or out of reach', [503, 429, 'unreachable', 'deleted'], false, 4],
    ['with a key that was taken back', [401], false, 1],
    ['that may come to be', ['none', 'none', 409, 'deleted'], true, 4],
    ['that have never been', ['none'], true, 6],
    ['that cannot be had', [409], true, 11],
  ];
  for (const [what, answers, isUnsure, attempts] of cases) {
    it(`${what}: ${attempts} attempts`, async () => {
      assert.equal(await remove(answers, isUnsure), attempts);
    });
  }
});
