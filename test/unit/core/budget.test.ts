import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Budget, type Reservation } from '../../../src/core/budget';

const never = new AbortController().signal;
const nothing = { calls: 0, tokens: 0, chars: 0 };
const need = { promptTokens: 10, leastAnswerTokens: 1, mostAnswerTokens: 90 };

function createBudget(limits: Partial<typeof nothing>, parent: Budget | null = null): Budget {
  return new Budget({ calls: 100, tokens: 100_000, chars: 100_000, ...limits }, nothing, parent);
}

async function take(budget: Budget, wanted = need): Promise<Reservation> {
  const reservation = await budget.reserve(wanted, never);
  assert.ok(reservation);
  return reservation;
}

describe('a budget', () => {
  it('holds what is reserved until it is settled, then only what was used', async () => {
    const budget = createBudget({ tokens: 1_000 });
    const reservation = await take(budget);
    const held = budget.left;
    reservation.settle(25);
    reservation.settle(25);
    assert.deepStrictEqual(
      [held.calls, held.tokens, budget.left.calls, budget.left.tokens],
      [99, 900, 99, 975],
    );
  });

  it('counts what a broken attempt has used, and reserves anew for the next', async () => {
    const budget = createBudget({ tokens: 200 });
    const reservation = await take(budget);
    const next = reservation.renew(60);
    const held = budget.left.tokens;
    const last = reservation.renew(130);
    reservation.settle(190);
    assert.deepStrictEqual([next, held, last], [90, 40, 60]);
    assert.deepStrictEqual(budget.used, { calls: 1, tokens: 190, chars: 0 });
  });

  it('has no room for another attempt when the broken ones have used it up', async () => {
    const budget = createBudget({ tokens: 100 });
    const reservation = await take(budget);
    assert.equal(reservation.renew(90), null);
    assert.deepStrictEqual([budget.left.calls, budget.left.tokens], [99, 10]);
    reservation.settle(90);
    assert.deepStrictEqual(budget.used, { calls: 1, tokens: 90, chars: 0 });
  });

  it('is paid from by children, along the whole line', async () => {
    const root = createBudget({ tokens: 500 });
    const child = createBudget({ tokens: 400 }, root);
    const grandchild = createBudget({}, child);
    (await take(grandchild)).settle(60);
    grandchild.spendChars(7);
    assert.deepStrictEqual(
      [root.used, child.left.tokens, grandchild.left.tokens],
      [{ calls: 1, tokens: 60, chars: 7 }, 340, 340],
    );
  });

  it('gives a call near the end a shorter answer', async () => {
    const budget = createBudget({ tokens: 50 });
    assert.equal((await take(budget)).answerTokens, 40);
  });

  it('refuses what can never fit', async () => {
    assert.equal(await createBudget({ tokens: 10 }).reserve(need, never), null);
    assert.equal(await createBudget({ calls: 0 }).reserve(need, never), null);
  });

  it('waits for a running call that may give something back, then gives or refuses', async () => {
    const budget = createBudget({ tokens: 110 });
    const first = await take(budget);
    const second = budget.reserve(need, never);
    first.settle(20);
    assert.equal((await second)?.answerTokens, 80);
    const single = createBudget({ calls: 1 });
    const only = await take(single);
    const refused = single.reserve(need, never);
    only.settle(0);
    assert.equal(await refused, null);
  });

  it('lets go of who waits and is cancelled', async () => {
    const budget = createBudget({ calls: 1 });
    await take(budget);
    const controller = new AbortController();
    const waiting = budget.reserve(need, controller.signal);
    controller.abort();
    await assert.rejects(waiting, { code: 'CANCELLED' });
  });

  it('is never overspent by parallel children that fail at random, in any order', async () => {
    const call = fc.record({
      child: fc.nat(3),
      promptTokens: fc.integer({ min: 1, max: 60 }),
      usedShare: fc.double({ min: 0, max: 1, noNaN: true }),
      fails: fc.boolean(),
      /** Streams that are cut before the answer comes, each after a share of what it may take. */
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    });
    let granted = 0;
    let refused = 0;
    let renewed = 0;
    const plan = fc.record({
      calls: fc.array(call, { minLength: 1, maxLength: 40 }),
      maxCalls: fc.integer({ min: 0, max: 30 }),
      maxTokens: fc.integer({ min: 0, max: 1_500 }),
      childTokens: fc.integer({ min: 0, max: 900 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, fc.scheduler(), async (given, scheduler) => {
        const root = createBudget({ calls: given.maxCalls, tokens: given.maxTokens });
        const middle = createBudget({ tokens: given.childTokens }, root);
        const line = [root, middle, createBudget({}, root), createBudget({ tokens: 300 }, middle)];
        const check = (): void => {
          assert.ok(root.used.calls <= given.maxCalls && root.used.tokens <= given.maxTokens);
          assert.ok(middle.used.tokens <= given.childTokens && root.left.tokens >= 0);
        };
        const work = given.calls.map(async ({ child, promptTokens, usedShare, fails, cuts }) => {
          const wanted = { promptTokens, leastAnswerTokens: 1, mostAnswerTokens: 100 };
          const reservation = await line[child]?.reserve(wanted, never);
          check();
          if (!reservation) {
            refused += 1;
            return;
          }
          granted += 1;
          let used = 0;
          let answerTokens: number | null = reservation.answerTokens;
          for (const cut of cuts) {
            await scheduler.schedule(Promise.resolve());
            used += promptTokens + Math.floor(answerTokens * cut);
            answerTokens = reservation.renew(used);
            check();
            if (answerTokens === null) {
              reservation.settle(used);
              return;
            }
            renewed += 1;
          }
          await scheduler.schedule(Promise.resolve());
          const most = promptTokens + answerTokens;
          reservation.settle(used + (fails ? 0 : Math.floor(most * usedShare)));
          check();
        });
        await scheduler.waitFor(Promise.all(work));
        assert.deepStrictEqual(
          root.left.tokens + root.used.tokens,
          given.maxTokens,
          'nothing stays reserved',
        );
      }),
      { numRuns: 3_000 },
    );
    assert.ok(granted > 5_000 && refused > 3_000, `${granted} granted, ${refused} refused`);
    assert.ok(renewed > 1_000, `${renewed} renewed`);
  });
});
