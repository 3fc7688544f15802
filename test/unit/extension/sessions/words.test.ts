import assert from 'node:assert/strict';
import { createLimits, noUsage } from '../../../../src/core/limits';
import { guardrailNames } from '../../../../src/extension/sessions/sessionNode';
import { toAge, toGauge, toPercent, toShortCount } from '../../../../src/extension/sessions/words';

describe('words of the tree', () => {
  it('shortens counts and ages', () => {
    assert.deepStrictEqual([0, 9_999, 12_400, 268_890, 4_200_000, 2e9].map(toShortCount), [
      '0',
      '9,999',
      '12.4k',
      '269k',
      '4.2M',
      '2G',
    ]);
    assert.deepStrictEqual([59_000, 61_000, 7_200_000, 200_000_000].map(toAge), [
      '',
      '1 min',
      '2 h',
      '2 d',
    ]);
  });

  it('says how full every guardrail is', () => {
    const limits = createLimits({ maxLlmCalls: 0 });
    const usage = { ...noUsage, steps: 32, runtimeMs: 240_000, budgetUsed: 1_000 };
    assert.deepStrictEqual(
      guardrailNames.map((name) => toPercent(toGauge(name, limits, usage))),
      [50, 100, 1, 0, 0],
    );
  });
});
