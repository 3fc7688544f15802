// Which limit a refusal names: one of the session, or of those it is a part of.

import assert from 'node:assert/strict';
import {
  createLimits,
  noUsage,
  type SharedLimits,
  type StopReason,
  type Usage,
} from '../../../src/core/limits';
import { describeStop } from '../../../src/core/sessionErrors';

const limits = createLimits({
  maxSteps: 3,
  maxRuntimeMs: 5_000,
  budgetLimit: 2_000,
  maxLlmCalls: 4,
});

describe('the limit that a stop names', () => {
  const rows: readonly (readonly [StopReason, Partial<Usage>, SharedLimits, RegExp])[] = [
    ['max_steps', { steps: 3 }, { steps: { max: 9, left: 0 } }, /\(max_steps 3\)/u],
    ['max_steps', { steps: 2 }, { steps: { max: 9, left: 0 } }, /\(max_steps 9 of the run/u],
    ['timeout', { runtimeMs: 5_000 }, {}, /\(max_runtime_ms 5,000\)/u],
    ['timeout', { runtimeMs: 4_000 }, {}, /\(max_session_ms 3,600,000\)/u],
    [
      'timeout',
      { runtimeMs: 4_000 },
      { runtimeMs: { max: 6_000, left: 1 } },
      /\(max_session_ms 3,600,000\)/u,
    ],
    [
      'timeout',
      { runtimeMs: 4_000 },
      { runtimeMs: { max: 6_000, left: 0 } },
      /\(max_runtime_ms 6,000 of the run/u,
    ],
    ['budget_exceeded', { budgetUsed: 2_000 }, {}, /\(budget_limit 2,000\)/u],
    [
      'budget_exceeded',
      { budgetUsed: 10 },
      { budgetUsed: { max: 7_000, left: 0 } },
      /\(budget_limit 7,000 of a session/u,
    ],
    ['llm_limit', { llmCalls: 4 }, {}, /\(max_llm_calls 4\)/u],
    ['llm_limit', { llmCalls: 1 }, {}, /\(max_llm_tokens 2,000,000\)/u],
    [
      'llm_limit',
      { llmCalls: 1 },
      { llmCalls: { max: 8, left: 0 } },
      /\(max_llm_calls 8 of a session/u,
    ],
    [
      'llm_limit',
      { llmCalls: 1 },
      { llmCalls: { max: 8, left: 1 }, llmTokens: { max: 90, left: 3 } },
      /\(max_llm_tokens 90 of a session/u,
    ],
  ];
  for (const [cause, used, shared, expected] of rows) {
    it(`is one that may be used up: ${cause} ${JSON.stringify({ used, shared })}`, () => {
      const session = { limits, usage: { ...noUsage, ...used }, shared };
      assert.match(describeStop(cause, session), expected);
    });
  }
});
