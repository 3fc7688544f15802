// Guardrails as callers give them.

import * as z from 'zod';
import type { Limits } from '../core/limits';
import { createLimitField } from './fields';
import { createInvalidInput } from './invalidInput';

/** Also accepted at the top level, as clients of older servers send them. */
export const topLimitsInput = {
  max_steps: createLimitField('maxSteps', 'How many rlm_run_repl steps the session may take.'),
  max_runtime_ms: createLimitField('maxRuntimeMs', 'Time code may run in all, over all steps.'),
  budget_limit: createLimitField(
    'budgetLimit',
    'Characters of code, stdout, stderr, results and variable previews in all, over all steps.',
  ),
};

export const limitsInput = z.strictObject({
  ...topLimitsInput,
  step_timeout_ms: createLimitField('stepTimeoutMs', 'Time one step may run.'),
  max_session_ms: createLimitField('maxSessionMs', 'Wall-clock life of the session.'),
  max_memory_mb: createLimitField('maxMemoryMb', 'Memory for variables, beside the context.'),
  max_output_chars: createLimitField(
    'maxOutputChars',
    'Characters of stdout, and again of stderr, that one step returns.',
  ),
  max_llm_calls: createLimitField('maxLlmCalls', 'Sub-model calls the code may make in all.'),
  max_llm_tokens: createLimitField('maxLlmTokens', 'Sub-model tokens in all.'),
  max_depth: createLimitField('maxDepth', 'How deep child sessions may nest.'),
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
