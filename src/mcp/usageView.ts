// Limits and usage in the words of the wire.

import type * as z from 'zod';
import type { Limits, Usage } from '../core/limits';
import type { usageSchema } from './fields';

export type UsageView = z.infer<typeof usageSchema>;

export function toUsageView(usage: Usage, limits: Limits): UsageView {
  return {
    ...toStatsView(usage),
    remaining: {
      steps: toLeft(limits.maxSteps, usage.steps),
      runtime_ms: toLeft(limits.maxRuntimeMs, usage.runtimeMs),
      budget: toLeft(limits.budgetLimit, usage.budgetUsed),
      llm_calls: toLeft(limits.maxLlmCalls, usage.llmCalls),
      llm_tokens: toLeft(limits.maxLlmTokens, usage.llmTokens),
    },
  };
}

export function toStatsView(usage: Usage): Omit<UsageView, 'remaining'> {
  return {
    steps: usage.steps,
    runtime_ms: Math.round(usage.runtimeMs),
    budget_used: usage.budgetUsed,
    llm_calls: usage.llmCalls,
    llm_tokens: usage.llmTokens,
  };
}

interface LimitsView {
  readonly max_steps: number;
  readonly max_runtime_ms: number;
  readonly budget_limit: number;
  readonly step_timeout_ms: number;
  readonly max_session_ms: number;
  readonly max_memory_mb: number;
  readonly max_output_chars: number;
  readonly max_llm_calls: number;
  readonly max_llm_tokens: number;
  readonly max_depth: number;
}

export function toLimitsView(limits: Limits): LimitsView {
  return {
    max_steps: limits.maxSteps,
    max_runtime_ms: limits.maxRuntimeMs,
    budget_limit: limits.budgetLimit,
    step_timeout_ms: limits.stepTimeoutMs,
    max_session_ms: limits.maxSessionMs,
    max_memory_mb: limits.maxMemoryMb,
    max_output_chars: limits.maxOutputChars,
    max_llm_calls: limits.maxLlmCalls,
    max_llm_tokens: limits.maxLlmTokens,
    max_depth: limits.maxDepth,
  };
}

/** What is left, as a short phrase for people. */
export function toUsageText(usage: UsageView): string {
  const { steps, runtime_ms: runtimeMs, budget } = usage.remaining;
  return (
    `${usage.steps} steps done; left: ${steps} steps, ` +
    `${(runtimeMs / 1_000).toFixed(1)} s of run time, ${budget.toLocaleString('en')} characters of budget`
  );
}

function toLeft(limit: number, used: number): number {
  return Math.max(0, Math.round(limit - used));
}
