import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AgentLimits } from '../../../../src/core/agent/agentEvent';
import { PathRules } from '../../../../src/core/agent/pathRules';
import {
  approvalModes,
  isolations,
  type Permissions,
  sandboxModes,
} from '../../../../src/core/agent/permissions';
import type { Profile } from '../../../../src/core/agent/profile';
import {
  type AgentParent,
  planSpawn,
  type SpawnFlags,
  type SpawnPlan,
  type SpawnRequest,
} from '../../../../src/core/agent/spawnPlan';
import { RlmError } from '../../../../src/core/errors';
import { createProfile, createSpawn } from '../../../support/fakeAgents';

const globs = fc.subarray(
  ['src/', '/src/', 'src/test/', '!src/test/', '*.ts', '/docs/a.md', 'docs/', '!docs/a.md', 'keys'],
  { maxLength: 4 },
);
const amount = fc.nat(5);
const some = fc.integer({ min: 1, max: 5 });
const limits: fc.Arbitrary<AgentLimits> = fc.record({
  ...{ tokens: amount, usd: amount, turns: amount, wallMs: amount, commands: amount },
  ...{ children: some, depth: fc.integer({ min: 1, max: 3 }), idleMs: amount },
});
const ids = ['a', 'b', 'c'] as const;
const profile: fc.Arbitrary<Profile> = fc
  .record({
    id: fc.constantFrom(...ids),
    sandbox: fc.constantFrom(...sandboxModes),
    network: fc.boolean(),
    limits,
    maySpawn: fc.subarray([...ids], { minLength: 2 }),
    mode: fc.constantFrom(...approvalModes),
    isolation: fc.constantFrom(null, ...isolations),
    deny: globs,
    write: globs,
  })
  .map(({ mode, isolation, deny, write, ...rest }) =>
    createProfile({
      ...rest,
      approvals: { mode, allow: [], deny: [], timeoutMs: 1 },
      workspace: { isolation, allow: [], deny, write },
    }),
  );
/** Mostly not asked for: most of what is asked exceeds something. */
const seldom = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: one });
const request: fc.Arbitrary<SpawnRequest> = fc
  .record({
    isolation: seldom(fc.constantFrom(...isolations)),
    sandbox: seldom(fc.constantFrom(...sandboxModes)),
    approvals: seldom(fc.constantFrom(...approvalModes)),
    network: seldom(fc.boolean()),
    limits: fc.oneof(
      { weight: 9, arbitrary: fc.constant({}) },
      {
        weight: 1,
        arbitrary: fc.record(
          { tokens: amount, turns: amount, children: amount, depth: fc.nat(3), idleMs: amount },
          { requiredKeys: [] },
        ),
      },
    ),
  })
  .map(({ isolation, limits: asked, ...flags }) =>
    createSpawn({ isolation, limits: asked, flags: { model: null, ...flags } }),
  );

const paths = ['src/a.ts', 'src/test/b.ts', 'docs/a.md', 'docs/b.md', 'keys', 'x.ts', 'src/keys/z'];

function mayChange({ deny, write }: Pick<Permissions, 'deny' | 'write'>, path: string): boolean {
  return (
    !new PathRules(deny).matches(path) && (write.length === 0 || new PathRules(write).matches(path))
  );
}

function assertWithin(plan: SpawnPlan, above: SpawnPlan['info'], what: string): void {
  const [own, most] = [plan.info.permissions, above.permissions];
  const rank = <T>(order: readonly T[], one: T): number => order.indexOf(one);
  assert.ok(rank(sandboxModes, own.sandbox) <= rank(sandboxModes, most.sandbox), what);
  assert.ok(rank(approvalModes, own.approvals) <= rank(approvalModes, most.approvals), what);
  assert.ok(!own.network || most.network, what);
  assert.ok(
    own.maySpawn.every((id) => most.maySpawn.includes(id)),
    what,
  );
  for (const path of paths) {
    assert.ok(!mayChange(own, path) || mayChange(most, path), `${what}: ${path}`);
  }
  for (const [name, limit] of Object.entries(plan.info.limits)) {
    const allowed = above.limits[name as keyof AgentLimits]; // a key of the same record
    const isNone = name === 'idleMs' && limit === 0;
    assert.ok(
      isNone ? allowed === 0 : allowed === 0 && name === 'idleMs' ? true : limit <= allowed,
      `${what}: ${name}`,
    );
  }
}

/** As a run of it would be. */
function toParent(plan: SpawnPlan, depth: number): AgentParent {
  const isolation = plan.isolation ?? 'worktree';
  const info = { ...plan.info, isolation, folder: '/repo' };
  return { sessionId: 's', info, depth, left: plan.info.limits };
}

function tryPlan(...args: Parameters<typeof planSpawn>): SpawnPlan | null {
  try {
    return planSpawn(...args);
  } catch (thrown) {
    assert.ok(thrown instanceof RlmError, String(thrown));
    return null;
  }
}

describe('planSpawn', () => {
  it('gives a run no more than its profile, and a child no more than its parent, three deep', () => {
    let depths = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(profile, request), { minLength: 3, maxLength: 3 }), (chain) => {
        let parent: SpawnPlan | null = null;
        for (const [depth, [one, asked]] of chain.entries()) {
          const plan = tryPlan(asked, one, parent && toParent(parent, depth));
          if (!plan) {
            return;
          }
          const { workspace, approvals, ...rest } = one;
          const { sandbox, network, maySpawn } = rest;
          const permissions = {
            ...{ sandbox, network, maySpawn, approvals: approvals.mode },
            ...{ deny: workspace.deny, write: workspace.write },
          };
          assertWithin(plan, { ...plan.info, permissions, limits: one.limits }, 'profile');
          if (parent) {
            depths += 1;
            assertWithin(plan, parent.info, 'parent');
            assert.ok(plan.info.limits.depth < parent.info.limits.depth);
            const above = parent.isolation ?? 'worktree';
            const own = plan.isolation ?? 'worktree';
            const mayShare = above === 'worktree' && plan.info.permissions.sandbox === 'read-only';
            assert.ok(mayShare || isolations.indexOf(own) >= isolations.indexOf(above));
          }
          parent = plan;
        }
      }),
      { numRuns: 5_000 },
    );
    assert.ok(depths > 100, `only ${depths} children were planned`);
  });

  const base = createProfile({ sandbox: 'workspace-write', network: false });
  const flags: readonly [Partial<SpawnFlags>, string | null][] = [
    [{ sandbox: 'danger-full-access' }, 'INVALID_INPUT'],
    [{ sandbox: 'workspace-write' }, null],
    [{ sandbox: 'read-only' }, null],
    [{ approvals: 'never' }, 'INVALID_INPUT'],
    [{ approvals: 'untrusted' }, null],
    [{ network: true }, 'INVALID_INPUT'],
    [{ network: false }, null],
  ];
  for (const [given, code] of flags) {
    it(`${code === null ? 'takes' : 'refuses'} ${JSON.stringify(given)}`, () => {
      const none = { model: null, sandbox: null, approvals: null, network: null };
      assertCode(() => planSpawn(createSpawn({ flags: { ...none, ...given } }), base, null), code);
    });
  }
  for (const name of Object.keys(base.limits) as (keyof AgentLimits)[]) {
    it(`refuses more, less than nothing and no number of the limit ${name}`, () => {
      for (const value of [base.limits[name] + 1, -1, Number.NaN, Infinity]) {
        const asked = createSpawn({ limits: { [name]: value } });
        assertCode(() => planSpawn(asked, base, null), 'INVALID_INPUT');
      }
      const least = createSpawn({ limits: { [name]: name === 'idleMs' ? 1 : 0 } });
      assertCode(() => planSpawn(least, base, null), null);
    });
  }

  it('takes no idle limit for more than any', () => {
    const asked = createSpawn({ limits: { idleMs: 0 } });
    assertCode(() => planSpawn(asked, base, null), 'INVALID_INPUT');
  });

  for (const [own, allowed] of [
    ['folder', false],
    ['worktree', true],
    ['container', true],
  ] as const) {
    it(`${allowed ? 'takes' : 'refuses'} isolation ${own} where the profile says worktree`, () => {
      const asked = createSpawn({ isolation: own });
      assertCode(() => planSpawn(asked, base, null), allowed ? null : 'INVALID_INPUT');
    });
  }
});

function assertCode(act: () => unknown, code: string | null): void {
  if (code === null) {
    act();
  } else {
    assert.throws(act, { code });
  }
}
