// What the tour reads of the tools' results. A real client: it parses what it gets.

import * as z from 'zod';

const count = z.number().nonnegative();

export const initResult = z.object({
  session_id: z.string(),
  config: z.object({ max_steps: count, max_runtime_ms: count, budget_limit: count }),
  context: z.object({
    total_chars: count,
    total_lines: count,
    sources: z.array(z.object({ path: z.string(), chars: count })),
    source_count: count,
  }),
});
export type InitResult = z.infer<typeof initResult>;

export const stepResult = z.object({
  stdout: z.string(),
  stderr: z.string(),
  result: z.string().nullable(),
  error: z.object({ type: z.string(), message: z.string(), traceback: z.string() }).nullable(),
  updated_vars_summary: z.array(z.string()),
  guardrail_stop: z.string().nullable(),
  final_answer: z.string().nullable(),
  usage: z.object({ steps: count, runtime_ms: count, budget_used: count }),
});
export type ToolStep = z.infer<typeof stepResult>;

export const variableResult = z.object({ value: z.unknown(), truncated: z.boolean() });
export const finalizeResult = z.object({ final_answer: z.string(), finish_reason: z.string() });
export const traceResult = z.object({
  events: z.array(z.object({ action: z.string() })),
  next_cursor: z.string().nullable(),
});
