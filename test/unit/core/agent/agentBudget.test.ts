import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AgentBudget, type AgentReservation } from '../../../../src/core/agent/agentBudget';
import { createProfile, createSpawn, FakeAgents, settle } from '../../../support/fakeAgents';

const { limits } = createProfile();

const none = { used: null, parent: null };

describe('AgentBudget', () => {
  it('is never overspent by more than one call, over 1,000 schedules of a parent and 8 children', () => {
    const step = fc.record({
      who: fc.nat(8),
      amount: fc.integer({ min: 1, max: 60 }),
      /** Of what was reserved. */
      used: fc.integer({ min: 0, max: 100 }),
      settles: fc.boolean(),
    });
    const property = fc.property(
      fc.array(step, { minLength: 20, maxLength: 120 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 9, maxLength: 9 }),
      (steps, maxima) => {
        const budgets: AgentBudget[] = [];
        maxima.forEach((tokens, index) => {
          const parent = budgets[0] ?? null;
          const own = { ...limits, tokens };
          budgets.push(new AgentBudget(String(index), own, { used: null, parent }));
        });
        const open: {
          readonly who: number;
          readonly amount: number;
          readonly held: AgentReservation;
        }[] = [];
        const used = maxima.map(() => 0);
        const reserved = maxima.map(() => 0);
        const lineOf = (who: number): readonly number[] => (who === 0 ? [0] : [who, 0]);
        for (const { who, amount, used: share, settles } of steps) {
          const first = settles ? open.shift() : undefined;
          if (first) {
            const spent = Math.floor((first.amount * share) / 100);
            first.held.settle(spent);
            first.held.settle(1_000_000); // counts once
            for (const one of lineOf(first.who)) {
              used[one] = (used[one] ?? 0) + spent;
              reserved[one] = (reserved[one] ?? 0) - first.amount;
            }
          } else {
            const fits = lineOf(who).every(
              (one) => (used[one] ?? 0) + (reserved[one] ?? 0) + amount <= (maxima[one] ?? 0),
            );
            const held = budgets[who]?.reserve('tokens', amount) ?? null;
            assert.equal(held !== null, fits);
            if (held) {
              open.push({ who, amount, held });
              lineOf(who).forEach((one) => (reserved[one] = (reserved[one] ?? 0) + amount));
            }
          }
          budgets.forEach((budget, index) => {
            assert.equal(budget.used.tokens, used[index]);
            assert.ok((used[index] ?? 0) + (reserved[index] ?? 0) <= (maxima[index] ?? 0));
          });
        }
      },
    );
    fc.assert(property, { numRuns: 1_000 });
  });

  it('is never passed by more than one call, whatever calls run beside each other', async () => {
    const call = fc.record({
      who: fc.nat(8),
      most: fc.integer({ min: 1, max: 60 }),
      share: fc.integer({ min: 0, max: 100 }),
      isFirst: fc.boolean(),
    });
    const property = fc.asyncProperty(
      fc.integer({ min: 0, max: 200 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 8 }),
      fc.array(call, { minLength: 1, maxLength: 60 }),
      async (total, shares, calls) => {
        const parent = new AgentBudget('p', { ...limits, tokens: total }, none);
        const budgets = [
          parent,
          ...shares.map(
            (tokens, index) =>
              new AgentBudget(`c${index}`, { ...limits, tokens }, { used: null, parent }),
          ),
        ];
        const maxima = [total, ...shares];
        const open: { readonly used: number; readonly settle: (used: number) => void }[] = [];
        let largest = 0;
        let made = 0;
        const end = (index: number): void => {
          const [one] = open.splice(index % Math.max(1, open.length), 1);
          one?.settle(one.used);
        };
        for (const { who, most, share, isFirst } of calls) {
          const budget = budgets[who % budgets.length] ?? parent;
          let found = budget.reserveCall({ tokens: most, usd: null });
          while (found === 'wait') {
            assert.ok(open.length > 0, 'waits for nobody');
            end(isFirst ? 0 : who);
            found = budget.reserveCall({ tokens: most, usd: null });
          }
          if ('limit' in found) {
            assert.ok(found.used >= found.max, 'refused while something is left');
            continue;
          }
          const reserved = found;
          const used = Math.ceil((most * share) / 100);
          largest = Math.max(largest, used);
          made += used;
          open.push({ used, settle: (tokens) => reserved.settle(tokens, null) });
          if (open.length > 4) {
            end(who);
          }
        }
        while (open.length > 0) {
          end(0);
        }
        assert.equal(parent.used.tokens, made);
        budgets.forEach(({ used }, index) => {
          const most = maxima[index] ?? 0;
          assert.ok(used.tokens <= Math.max(0, most - 1) + largest, `${used.tokens} of ${most}`);
        });
      },
    );
    await fc.assert(property, { numRuns: 1_000 });
  });

  it('finds what is used up in a parent behind what is used up by itself of another kind', () => {
    const parent = new AgentBudget('p', { ...limits, tokens: 5 }, { used: null, parent: null });
    const own = { ...limits, turns: 1, children: 1, commands: 1 };
    const child = new AgentBudget('c', own, { used: null, parent });
    (['turns', 'children', 'commands'] as const).forEach((name) => child.spend(name, 1));
    assert.equal(child.shortage, null);
    child.spend('tokens', 5);
    assert.deepStrictEqual(child.shortage, { limit: 'tokens', max: 5, used: 5, sessionId: 'p' });
  });

  it('has a limit of 0 used up by the first that is spent', () => {
    const budget = new AgentBudget('r', { ...limits, usd: 0 }, { used: null, parent: null });
    const before = budget.shortage;
    budget.spend('usd', 0.01);
    assert.deepStrictEqual([before, budget.shortage?.limit], [null, 'usd']);
  });
});

describe('the budget of an agent run', () => {
  async function start(over: Partial<typeof limits>) {
    const agents = new FakeAgents(2, [createProfile({ limits: { ...limits, ...over } })]);
    agents.isMetered = true;
    const run = await agents.runs.spawn(createSpawn(), { kind: 'person' });
    await settle();
    const [meter] = agents.meters;
    assert.ok(meter);
    return { agents, run, meter, thread: agents.threadOf(run.id) };
  }

  it('refuses a call that does not fit before it is made, and says so on record', async () => {
    const { agents, run, meter } = await start({ tokens: 100 });
    const { signal } = new AbortController();
    const call = await meter.admit({ tokens: 90, usd: null }, signal);
    const waiting = meter.admit({ tokens: 20, usd: null }, signal);
    call?.settle(100, 0.5);
    assert.equal(await waiting, null);
    await agents.runs.close();
    assert.equal(await meter.admit({ tokens: 1, usd: null }, signal), null);
    const refused = (await agents.readEvents(run.id)).filter(
      ({ kind }) => kind === 'agent.refused',
    );
    assert.equal(refused.length, 1);
  });

  it('refuses calls once the money is used up', async () => {
    const { agents, meter } = await start({ usd: 1 });
    const { signal } = new AbortController();
    (await meter.admit({ tokens: 10, usd: 1 }, signal))?.settle(10, 1.5);
    assert.equal(await meter.admit({ tokens: 1, usd: null }, signal), null);
    await agents.runs.close();
  });

  it('gives another turn to a run whose children and commands are used up', async () => {
    const { agents, run, thread } = await start({ commands: 1, children: 1 });
    await agents.runs.spawn(createSpawn(), { kind: 'agent', sessionId: run.id });
    thread.happen({ kind: 'commandStarted', itemId: '1', command: 'ls', cwd: '/' });
    thread.happen({ kind: 'turnEnded', status: 'completed', error: null });
    await settle();
    assert.equal(run.status, 'completed');
    await run.say('more', 'user');
    assert.deepStrictEqual([run.status, thread.said.at(-1)], ['running', 'more']);
    await agents.runs.close();
  });

  it('counts tokens of a resumed thread once', async () => {
    const { agents, run, thread } = await start({});
    agents.isMetered = false;
    await agents.runs.terminate(run.id, 'stop');
    const again = await agents.runs.resume(run.id, 'go on', 'user');
    await settle();
    const before = again.budget.used.tokens;
    const tokens = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
    const usage = (total: number, last: number) =>
      agents.threadOf(run.id).happen({
        ...{ kind: 'usage', contextWindow: null },
        ...{ total: { ...tokens, total }, last: { ...tokens, total: last } },
      });
    usage(5_100, 100);
    usage(5_250, 150);
    await settle();
    assert.deepStrictEqual([again.budget.used.tokens - before, thread.stops > 0], [250, true]);
    await agents.runs.close();
  });
});
