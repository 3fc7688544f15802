// Guardrails as callers give them.

import * as z from 'zod';
import type { Limits } from '../core/limits';
import { createLimitField } from './fields';
import { createInvalidInput } from './invalidInput';

/** Also accepted at the top level, as clients of older servers send them. */
export const topLimitsInput = {
  max_steps: createLimitField('maxSteps', 'As in config.'),
  max_runtime_ms: createLimitField('maxRuntimeMs', 'As in config.'),
  budget_limit: createLimitField('budgetLimit', 'As in config.'),
};

/** Names, ranges and defaults. */
export const namedLimitsInput = z.strictObject({
  max_steps: createLimitField('maxSteps'),
  max_runtime_ms: createLimitField('maxRuntimeMs'),
  budget_limit: createLimitField('budgetLimit'),
  step_timeout_ms: createLimitField('stepTimeoutMs'),
  max_session_ms: createLimitField('maxSessionMs'),
  max_memory_mb: createLimitField('maxMemoryMb'),
  max_output_chars: createLimitField('maxOutputChars'),
  max_llm_calls: createLimitField('maxLlmCalls'),
  max_llm_tokens: createLimitField('maxLlmTokens'),
  max_depth: createLimitField('maxDepth'),
});

/** With what the names do not say: told by one tool for all. */
export const limitsInput = namedLimitsInput.extend({
  max_steps: createLimitField('maxSteps', 'Steps of code.'),
  max_runtime_ms: createLimitField('maxRuntimeMs', 'Run time of all steps.'),
  budget_limit: createLimitField('budgetLimit', 'Characters of code and output, all steps.'),
  step_timeout_ms: createLimitField('stepTimeoutMs', 'Run time of a step.'),
  max_session_ms: createLimitField('maxSessionMs', 'Time since opening.'),
  max_memory_mb: createLimitField('maxMemoryMb', 'For variables, beside the context.'),
  max_output_chars: createLimitField('maxOutputChars', 'Of stdout, and of stderr, a step.'),
  max_llm_calls: createLimitField('maxLlmCalls', 'Sub-model calls.'),
  max_llm_tokens: createLimitField('maxLlmTokens', 'Sub-model tokens.'),
  max_depth: createLimitField('maxDepth', 'Nesting of child sessions.'),
});

type TopLimits = { readonly [Name in keyof typeof topLimitsInput]?: number | undefined };
type GivenLimits = TopLimits & { readonly config?: z.output<typeof limitsInput> | undefined };

/** @throws RlmError 'INVALID_INPUT' when the same guardrail is given twice with different values. */
export function toLimits(args: GivenLimits): Partial<Limits> {
  const config = args.config ?? {};
  return dropAbsent({
    maxSteps: pickOne('max_steps', args, config),
    maxRuntimeMs: pickOne('max_runtime_ms', args, config),
    budgetLimit: pickOne('budget_limit', args, config),
    stepTimeoutMs: config.step_timeout_ms,
    maxSessionMs: config.max_session_ms,
    maxMemoryMb: config.max_memory_mb,
    maxOutputChars: config.max_output_chars,
    maxLlmCalls: config.max_llm_calls,
    maxLlmTokens: config.max_llm_tokens,
    maxDepth: config.max_depth,
  });
}

function pickOne(
  name: keyof typeof topLimitsInput,
  args: TopLimits,
  config: TopLimits,
): number | undefined {
  const top = args[name];
  const inner = config[name];
  if (top !== undefined && inner !== undefined && top !== inner) {
    throw createInvalidInput(
      `${name} is ${top} and config.${name} is ${inner}.`,
      `Give ${name} once, in config or beside it.`,
    );
  }
  return top ?? inner;
}

function dropAbsent(limits: {
  readonly [Name in keyof Limits]: number | undefined;
}): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
