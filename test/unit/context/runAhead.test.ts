import assert from 'node:assert/strict';
import { runAhead } from '../../../src/context/runAhead';

describe('runAhead', () => {
  it('gives results in the order of the items, with a bounded number at work', async () => {
    let atWork = 0;
    let most = 0;
    const results: number[] = [];
    const ahead = runAhead([5, 1, 4, 2, 3, 0], {
      async run(item) {
        atWork += 1;
        most = Math.max(most, atWork);
        for (let turn = 0; turn < item; turn += 1) {
          await Promise.resolve();
        }
        atWork -= 1;
        return item * 10;
      },
      release: async () => undefined,
      width: 3,
    });
    for await (const [item, result] of ahead) {
      assert.deepStrictEqual(result, item * 10);
      results.push(item);
    }
    assert.deepStrictEqual({ results, most }, { results: [5, 1, 4, 2, 3, 0], most: 3 });
  });

  it('releases what was started and not taken when the taker stops', async () => {
    const released: number[] = [];
    const ahead = runAhead([1, 2, 3, 4, 5], {
      run: async (item) => {
        if (item === 3) {
          throw new Error('cannot be run');
        }
        return item;
      },
      release: async (result) => {
        released.push(result);
      },
      width: 3,
    });
    for await (const [item] of ahead) {
      assert.deepStrictEqual(item, 1);
      break;
    }
    assert.deepStrictEqual(released, [2, 4]);
  });
});
