// What a session may use only as far as others leave it: the steps and the running time of the run that it is a
// part of, and the budget of the sessions that it is a child of.

import type { Budget } from './budget';
import type { Limits, SharedLimits, Usage } from './limits';
import type { WorkPool } from './workPool';

export const limitOf = {
  steps: 'maxSteps',
  runtimeMs: 'maxRuntimeMs',
  budgetUsed: 'budgetLimit',
  llmCalls: 'maxLlmCalls',
  llmTokens: 'maxLlmTokens',
} as const satisfies Readonly<Record<keyof Usage, keyof Limits>>;

const usageNames = Object.keys(limitOf) as readonly (keyof Usage)[]; // keys of a Record<keyof Usage, …>

/** What a session has used of its limits. */
export interface Standing {
  readonly limits: Limits;
  readonly usage: Usage;
  /** Left out: nothing is shared. */
  readonly shared?: SharedLimits | undefined;
}

/** Null: the session is no part of a run, or no child. */
export interface SharedWith {
  readonly pool: WorkPool | null;
  readonly parentBudget: Budget | null;
}

/** As it stands now, for a session that has used so much of its own limits. */
export function readSharedLimits(
  { limits, usage }: Pick<Standing, 'limits' | 'usage'>,
  { pool, parentBudget }: SharedWith,
): SharedLimits {
  const { calls, tokens, chars } = parentBudget?.tightest ?? {};
  const found: SharedLimits = {
    ...pool?.shared,
    budgetUsed: chars,
    llmCalls: calls,
    llmTokens: tokens,
  };
  return Object.fromEntries(
    usageNames.flatMap((name) => {
      const one = found[name];
      const isLess = one !== undefined && one.left < limits[limitOf[name]] - usage[name];
      return isLess ? [[name, { ...one, left: Math.max(0, one.left) }]] : [];
    }),
  );
}

/** The limits as far as what is shared leaves them. */
export function narrowLimits({ limits, usage, shared = {} }: Standing): Limits {
  const narrowed = usageNames.map((name): readonly [keyof Limits, number] => {
    const most = limits[limitOf[name]];
    const left = shared[name]?.left;
    return [limitOf[name], left === undefined ? most : Math.min(most, usage[name] + left)];
  });
  return { ...limits, ...Object.fromEntries(narrowed) };
}
