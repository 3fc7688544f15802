// Which limit a refusal names: one of the session, or of those it is a part of.

import assert from 'node:assert/strict';
import { createLimits, noUsage, type StopReason, type Usage } from '../../../src/core/limits';
import { describeStop } from '../../../src/core/sessionErrors';

const limits = createLimits({
  maxSteps: 3,
  maxRuntimeMs: 5_000,
  budgetLimit: 2_000,
  maxLlmCalls: 4,
});

describe('the limit that a stop names', () => {
  const rows: readonly (readonly [StopReason, Partial<Usage>, number, RegExp])[] = [
    ['max_steps', { steps: 3 }, 1, /\(max_steps 3\)/u],
    ['max_steps', { steps: 2 }, 1, /\(max_steps of the task/u],
    ['timeout', { runtimeMs: 5_000 }, 1, /\(max_runtime_ms 5,000\)/u],
    ['timeout', { runtimeMs: 4_000 }, 0, /\(max_session_ms 3,600,000\)/u],
    ['timeout', { runtimeMs: 4_000 }, 1, /\(max_session_ms 3,600,000, or max_runtime_ms of/u],
    ['budget_exceeded', { budgetUsed: 2_000 }, 1, /\(budget_limit 2,000\)/u],
    ['budget_exceeded', { budgetUsed: 10 }, 1, /\(budget_limit of a session/u],
    ['llm_limit', { llmCalls: 4 }, 1, /\(max_llm_calls 4\)/u],
    ['llm_limit', { llmCalls: 1 }, 0, /\(max_llm_tokens 2,000,000\)/u],
    ['llm_limit', { llmCalls: 1 }, 1, /\(max_llm_tokens 2,000,000, or model calls or tokens of/u],
  ];
  for (const [cause, used, depth, expected] of rows) {
    it(`is one that may be used up: ${cause} ${JSON.stringify(used)} at depth ${depth}`, () => {
      const session = { limits, usage: { ...noUsage, ...used }, depth };
      assert.match(describeStop(cause, session), expected);
    });
  }
});
