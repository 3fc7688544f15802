// Limits and usage in the words of the wire.

import type * as z from 'zod';
import type { Limits, Usage } from '../core/limits';
import { type Standing, limitOf, narrowLimits } from '../core/sharedLimits';
import type { usageSchema } from './fields';

export type UsageView = z.infer<typeof usageSchema>;

type Remaining = NonNullable<UsageView['remaining']>;

const usageOf = {
  steps: 'steps',
  runtime_ms: 'runtimeMs',
  budget: 'budgetUsed',
  llm_calls: 'llmCalls',
  llm_tokens: 'llmTokens',
} as const satisfies Readonly<Record<keyof Remaining, keyof Usage>>;

const remainingNames = Object.keys(usageOf) as readonly (keyof Remaining)[]; // of a Record<keyof Remaining, …>

/** With what is left of each limit. */
export function toUsageView(
  standing: Standing,
): UsageView & { readonly remaining: Readonly<Record<keyof Remaining, number>> } {
  const { usage } = standing;
  const limits = narrowLimits(standing);
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
export function toShortUsageView(standing: Standing): UsageView {
  const { remaining, ...stats } = toUsageView(standing);
  const { limits, shared = {} } = standing;
  const short = remainingNames.flatMap((name) => {
    const whole = shared[usageOf[name]]?.max ?? limits[limitOf[usageOf[name]]];
    return remaining[name] * 4 <= whole ? [[name, remaining[name]] as const] : [];
  });
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
