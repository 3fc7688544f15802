// Limits and usage in the words of the wire.

import type * as z from 'zod';
import { type Limits, type Usage, noUsage } from '../core/limits';
import type { usageSchema } from './fields';

export type UsageView = z.infer<typeof usageSchema>;

type Remaining = NonNullable<UsageView['remaining']>;

/** With what is left of each limit. */
export function toUsageView(
  usage: Usage,
  limits: Limits,
): UsageView & { readonly remaining: Readonly<Record<keyof Remaining, number>> } {
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

/** Of that, only what runs short: left out where nothing does. */
export function toShortUsageView(usage: Usage, limits: Limits): UsageView {
  const { remaining, ...stats } = toUsageView(usage, limits);
  const whole = toUsageView(noUsage, limits).remaining;
  const short = Object.entries(remaining).filter(
    ([name, left]) => left * 4 <= whole[name as keyof Remaining], // the same names
  );
  return short.length === 0 ? stats : { ...stats, remaining: Object.fromEntries(short) };
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

const remainingWords: Readonly<Record<keyof Remaining, string>> = {
  steps: 'steps',
  runtime_ms: 'ms of run time',
  budget: 'characters of budget',
  llm_calls: 'sub-model calls',
  llm_tokens: 'sub-model tokens',
};

/** What is left, as a short phrase for people; empty where nothing is said of it. */
export function toRemainingText({ remaining = {} }: Pick<UsageView, 'remaining'>): string {
  const parts = Object.entries(remaining).map(
    ([name, left]) =>
      `${(left ?? 0).toLocaleString('en')} ${remainingWords[name as keyof Remaining]}`, // the same names
  );
  return parts.length === 0 ? '' : `Left: ${parts.join(', ')}.`;
}

function toLeft(limit: number, used: number): number {
  return Math.max(0, Math.round(limit - used));
}
