// Guardrails: what a session may use, what it has used, and the verdict.

export interface Limits {
  readonly maxSteps: number;
  /** Time code was running, waiting on sub-models included. */
  readonly maxRuntimeMs: number;
  /** Characters of code, output, results and previews of changed variables over all steps. */
  readonly budgetLimit: number;
  readonly stepTimeoutMs: number;
  /** Wall clock since the session was opened. */
  readonly maxSessionMs: number;
  /** Memory for the code's own values; the context comes on top. */
  readonly maxMemoryMb: number;
  /** UTF-16 units of stdout, and again of stderr, kept per step. */
  readonly maxOutputChars: number;
  readonly maxLlmCalls: number;
  readonly maxLlmTokens: number;
  readonly maxDepth: number;
}

/** Of one step. Source: the tool contract, `rlm_run_repl`. */
export const maxCodeChars = 50_000;

export interface LimitRange {
  readonly default: number;
  readonly min: number;
  readonly max: number;
}

/** Source: the tool contract, `rlm_init_context` config; ranges it leaves open are ours. */
export const limitRanges: Readonly<Record<keyof Limits, LimitRange>> = {
  maxSteps: { default: 64, min: 1, max: 10_000 },
  maxRuntimeMs: { default: 120_000, min: 1_000, max: 3_600_000 },
  budgetLimit: { default: 100_000, min: 1_000, max: 10_000_000 },
  stepTimeoutMs: { default: 30_000, min: 100, max: 3_600_000 },
  maxSessionMs: { default: 3_600_000, min: 1_000, max: 604_800_000 },
  maxMemoryMb: { default: 512, min: 64, max: 1_536 },
  maxOutputChars: { default: 20_000, min: 100, max: 100_000 },
  maxLlmCalls: { default: 200, min: 0, max: 100_000 },
  maxLlmTokens: { default: 2_000_000, min: 0, max: 1_000_000_000 },
  maxDepth: { default: 2, min: 0, max: 10 },
};

export function createLimits(given: Partial<Limits> = {}): Limits {
  const names = Object.keys(limitRanges) as (keyof Limits)[]; // keys of a Record<keyof Limits, …>
  const entries = names.map((name) => [name, given[name] ?? limitRanges[name].default] as const);
  return Object.fromEntries(entries) as unknown as Limits; // every key of limitRanges is present
}

export interface Usage {
  readonly steps: number;
  readonly runtimeMs: number;
  readonly budgetUsed: number;
  readonly llmCalls: number;
  readonly llmTokens: number;
}

export const noUsage: Usage = {
  steps: 0,
  runtimeMs: 0,
  budgetUsed: 0,
  llmCalls: 0,
  llmTokens: 0,
};

/** A limit that a session has together with others. */
export interface SharedLimit {
  readonly max: number;
  /** Never below 0. */
  readonly left: number;
}

/** What others leave of a session's limits: only where it is less than the session itself leaves. */
export type SharedLimits = { readonly [Name in keyof Usage]?: SharedLimit | undefined };

/** Why a guardrail stopped a session. Source: the tool contract, `guardrail_stop`. */
export const stopReasons = ['max_steps', 'timeout', 'budget_exceeded', 'llm_limit'] as const;
export type StopReason = (typeof stopReasons)[number];

/**
 * The verdict over a session's usage. A limit is reached when it is used up, so the step that
 * reaches it is the last one that runs.
 */
export function checkLimits(limits: Limits, usage: Usage, sessionMs: number): StopReason | null {
  if (usage.steps >= limits.maxSteps) {
    return 'max_steps';
  }
  if (usage.runtimeMs >= limits.maxRuntimeMs || sessionMs >= limits.maxSessionMs) {
    return 'timeout';
  }
  if (usage.budgetUsed >= limits.budgetLimit) {
    return 'budget_exceeded';
  }
  return null;
}
