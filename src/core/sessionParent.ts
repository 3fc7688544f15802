// What a child session needs of the one whose code asked for it.

import type { Budget } from './budget';
import { RlmError } from './errors';
import { type Limits, limitRanges } from './limits';
import type { SandboxPlace } from './sandbox';
import type { WorkPool } from './workPool';

export interface SessionParent {
  readonly sessionId: string;
  readonly depth: number;
  readonly limits: Limits;
  /** Its children run there too, unless they are told otherwise. */
  readonly sandbox: SandboxPlace;
  /** Paid from by its children too. */
  readonly budget: Budget;
  /** Of its `maxSessionMs`. */
  readonly leftMs: number;
  /** What the parts of one run share; left out: the child is no part of its parent's run. */
  readonly pool?: WorkPool;
}

/** @throws RlmError 'GUARDRAIL_STOPPED' when the parent may have no children. */
export function requireDepth({ depth, limits, sessionId }: SessionParent): void {
  if (depth >= limits.maxDepth) {
    throw new RlmError(
      'GUARDRAIL_STOPPED',
      `Session ${sessionId} is at depth ${depth}, and max_depth is ${limits.maxDepth}.`,
      { nextStep: 'Ask with llm_query, in pieces that fit a model, instead of rlm_query.' },
    );
  }
}

/** The limits of a child: what it is given, and of what is shared no more than its parent has left. */
export function toChildLimits(given: Partial<Limits>, parent: SessionParent): Partial<Limits> {
  const { limits, budget, leftMs } = parent;
  const { calls, tokens, chars } = budget.left;
  const most = (own: number | undefined, left: number): number =>
    Math.max(0, Math.min(own ?? left, left));
  return {
    ...limits,
    ...given,
    maxLlmCalls: most(given.maxLlmCalls, calls),
    maxLlmTokens: most(given.maxLlmTokens, tokens),
    budgetLimit: most(given.budgetLimit, chars),
    maxSessionMs: Math.max(limitRanges.maxSessionMs.min, most(given.maxSessionMs, leftMs)),
  };
}
