// What sessions that share limits are told to have left: a run, its parts, and a child of one of them.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Limits, Usage } from '../../../src/core/limits';
import { limitOf, narrowLimits } from '../../../src/core/sharedLimits';
import { createFakeSession } from '../../support/fakePorts';

const never = new AbortController().signal;
const limits: Partial<Limits> = {
  maxSteps: 6,
  maxRuntimeMs: 1_000,
  budgetLimit: 600,
  maxLlmCalls: 5,
  maxLlmTokens: 2_000_000,
};
const names = Object.keys(limitOf) as readonly (keyof Usage)[];

const act = fc.record({
  of: fc.nat({ max: 3 }),
  calls: fc.nat({ max: 2 }),
  printed: fc.nat({ max: 200 }),
  tookMs: fc.nat({ max: 400 }),
});

/** The run itself takes no steps. */
function createFamily() {
  const run = createFakeSession(limits);
  const { budget } = run.session.asParent;
  const pool = run.session.createPool();
  const part = () => createFakeSession(limits, { parentBudget: budget, loops: null, pool });
  const [left, right] = [part(), part()];
  const parentBudget = left.session.asParent.budget;
  const child = createFakeSession(limits, { parentBudget, loops: null });
  return { run, left, right, child, all: [run, left, right, child] };
}

type Family = ReturnType<typeof createFamily>;
type Member = Family['run'];

/** Of the session and of all that it shares with others, the least. */
function findLeft(member: Member, { run, left, right }: Family): Usage {
  const isInRun = member === run || member === left || member === right;
  const sharing = isInRun ? [left.session, right.session] : [];
  const spent = (name: 'steps' | 'runtimeMs'): number => {
    const ofRun = sharing.reduce((sum, { summary }) => sum + summary.usage[name], 0);
    return Math.max(member.session.summary.usage[name], ofRun);
  };
  const line = member === run ? [run] : member === right ? [right, run] : [left, run];
  const budgets = [member, ...line].map(({ session }) => session.asParent.budget.used);
  const most = (pick: 'calls' | 'tokens' | 'chars'): number =>
    Math.max(...budgets.map((used) => used[pick]));
  const rest = (limit: number | undefined, used: number): number =>
    Math.max(0, (limit ?? 0) - used);
  return {
    steps: rest(limits.maxSteps, spent('steps')),
    runtimeMs: rest(limits.maxRuntimeMs, spent('runtimeMs')),
    budgetUsed: rest(limits.budgetLimit, most('chars')),
    llmCalls: rest(limits.maxLlmCalls, most('calls')),
    llmTokens: rest(limits.maxLlmTokens, most('tokens')),
  };
}

function toLeft(standing: Parameters<typeof narrowLimits>[0]): Partial<Usage> {
  const narrowed = narrowLimits(standing);
  const toRest = (name: keyof Usage): number => narrowed[limitOf[name]] - standing.usage[name];
  return Object.fromEntries(
    names.map((name): [string, number] => [name, Math.max(0, toRest(name))]),
  );
}

describe('sessions that share limits', () => {
  it('have left what all that share them have left, in results, on record and as they stand', () =>
    fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const family = createFamily();
        for (const { of, calls, printed, tookMs } of acts) {
          const member = family.all[of] ?? family.run;
          const { session, sandbox, clock, sink } = member;
          sandbox.script = async ({ onHostCall }) => {
            clock.advance(tookMs);
            const prompts = Array.from({ length: calls }, () => 'p');
            await onHostCall({ name: 'llm_query_batched', args: [prompts] }, never).catch(() => {});
            return { stdout: 'x'.repeat(printed) };
          };
          if (member === family.run) {
            continue;
          }
          const step = await session.runStep({ code: 'c' }, never).catch(() => null);
          if (step) {
            const told = toLeft({ ...step, limits: session.seed.limits });
            assert.deepStrictEqual(told, findLeft(member, family));
            assert.deepStrictEqual(sink.events.at(-1)?.shared ?? {}, step.shared);
          }
          for (const one of family.all) {
            const { summary } = one.session;
            if (summary.status === 'active') {
              assert.deepStrictEqual(toLeft(summary), findLeft(one, family));
            } else {
              assert.deepStrictEqual(one.sink.events.at(-1)?.shared ?? {}, summary.shared);
            }
          }
        }
        family.all.forEach(({ session }) => session.dispose());
      }),
      { numRuns: 300 },
    ));

  it('that have ended keep what was left when they ended', async () => {
    const family = createFamily();
    const { left, right } = family;
    await right.session.runStep({ code: 'c' }, never);
    await left.session.stop();
    const { shared } = left.session.summary;
    assert.deepStrictEqual(shared.steps, { max: 6, left: 5 });
    await right.session.runStep({ code: 'c' }, never);
    await left.session.finalize({ text: 'done' }, never);
    await left.session.close('it is done');
    assert.deepStrictEqual(
      [
        left.session.summary.shared,
        ...left.sink.events.slice(-3).map((event) => event.shared ?? {}),
      ],
      [shared, shared, shared, shared],
    );
    family.all.forEach(({ session }) => session.dispose());
  });
});
