import assert from 'node:assert/strict';
import fc from 'fast-check';
import { checkLimits, createLimits, limitRanges, noUsage } from '../../../src/core/limits';
import { canRaise, checkLimit, findUsedUp, suggestLimit } from '../../../src/extension/forkLimits';

const ranged = ({ min, max }: { readonly min: number; readonly max: number }) =>
  fc.integer({ min, max });
const anyLimits = fc.record({
  maxSteps: ranged(limitRanges.maxSteps),
  maxRuntimeMs: ranged(limitRanges.maxRuntimeMs),
  budgetLimit: ranged(limitRanges.budgetLimit),
});
/** Output is added before it is judged, so that more may be used than the limit says. */
const anyUsage = fc.record({
  steps: fc.integer({ min: 0, max: 12_000 }),
  runtimeMs: fc.double({ min: 0, max: 4_000_000, noNaN: true }),
  budgetUsed: fc.integer({ min: 0, max: 12_000_000 }),
});

describe('the limits of a fork', () => {
  it('are asked for exactly where it could run no step', () => {
    fc.assert(
      fc.property(anyLimits, anyUsage, (given, used) => {
        const limits = createLimits(given);
        const usage = { ...noUsage, ...used, runtimeMs: Math.ceil(used.runtimeMs) };
        const isRefused = checkLimits(limits, usage, 0) !== null;
        assert.equal(findUsedUp(limits, usage).length > 0, isRefused);
      }),
    );
  });

  it('are enough once each is taken as suggested, wherever any can be', () => {
    fc.assert(
      fc.property(anyLimits, anyUsage, (given, used) => {
        const limits = createLimits(given);
        const usage = { ...noUsage, ...used };
        const usedUp = findUsedUp(limits, usage);
        fc.pre(usedUp.every(canRaise));
        const verdicts = usedUp.map((one) => checkLimit(one, String(suggestLimit(one))));
        assert.ok(verdicts.every(({ kind }) => kind === 'fits'));
        const raised = usedUp.map((one) => [one.name, suggestLimit(one)] as const);
        const larger = createLimits({ ...limits, ...Object.fromEntries(raised) });
        assert.equal(checkLimits(larger, usage, 0), null);
      }),
    );
  });

  const steps = { name: 'maxSteps', limit: 64, used: 64 } as const;
  for (const [text, kind] of [
    ['', 'no number'],
    ['many', 'no number'],
    ['-70', 'no number'],
    ['1e3', 'no number'],
    ['64', 'too small'],
    ['0', 'too small'],
    ['65', 'fits'],
    [' 1,000 ', 'fits'],
    ['10_000', 'fits'],
    ['6.5', 'no number'],
    ['1,00', 'no number'],
    ['10001', 'too large'],
    ['9'.repeat(40), 'no number'],
  ] as const) {
    it(`take ${JSON.stringify(text.slice(0, 12))} as: ${kind}`, () => {
      assert.equal(checkLimit(steps, text).kind, kind);
    });
  }
});
