import assert from 'node:assert/strict';
import { checkLimits, createLimits, noUsage } from '../../../src/core/limits';

describe('limits', () => {
  const limits = createLimits({ maxSteps: 3, maxLlmCalls: 2, maxLlmTokens: 100 });

  it('fill in the defaults of the contract', () => {
    const { maxSteps, maxRuntimeMs, budgetLimit, stepTimeoutMs, maxDepth } = createLimits();
    assert.deepStrictEqual(
      [maxSteps, maxRuntimeMs, budgetLimit, stepTimeoutMs, maxDepth],
      [64, 120_000, 100_000, 30_000, 2],
    );
  });

  it('are reached when used up, and not before', () => {
    assert.equal(checkLimits(limits, { ...noUsage, steps: 2 }, 0), null);
    assert.equal(checkLimits(limits, { ...noUsage, steps: 3 }, 0), 'max_steps');
    assert.equal(checkLimits(limits, noUsage, limits.maxSessionMs), 'timeout');
    assert.equal(checkLimits(limits, { ...noUsage, budgetUsed: 100_000 }, 0), 'budget_exceeded');
  });
});
