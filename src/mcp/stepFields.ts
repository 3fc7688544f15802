// What a step's tools return. What is optional is left out where it says nothing; see stepView.ts.

import * as z from 'zod';
import { type VariableChange, outputFields } from '../core/sandbox';
import { countField, cutSchema, networkField, stopReasonField, usageSchema } from './fields';
import { pendingFields } from './pendingView';
import { replaySchema } from './replayView';

const errorField = z
  .object({
    type: z.string(),
    message: z.string().optional(),
    line: countField.nullable().optional(),
    traceback: z.string().optional(),
  })
  .nullable()
  .describe('What the code raised, or null. The session goes on.');

const changesField = z
  .array(
    z.object({
      name: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      type: z.string(),
      size: countField.nullable().optional(),
      preview: z.string().optional(),
    }),
  )
  .describe('The text leaves out what the code shows by itself, and previews of what it printed.');

/** Of what a step did to variables, the fields of `variables_changed`. */
export function toChangesView(changes: readonly VariableChange[]) {
  return changes.map(({ name, change, type, size, preview }) => ({
    name,
    change,
    type,
    size,
    preview,
  }));
}

/** Of a step that ended, or waits for its caller. */
export const stepSchema = z.object({
  error: errorField.optional(),
  guardrail_stop: stopReasonField
    .nullable()
    .optional()
    .describe('Which guardrail this step reached; no further step runs then.'),
  finish_reason: z
    .enum(['completed', ...stopReasonField.options])
    .optional()
    .describe('Set where finalize ended the session: final_answer is its answer.'),
  not_finalized: z
    .string()
    .optional()
    .describe('Set where finalize was asked for and the session goes on: why, and what to do.'),
  interrupted: z
    .enum(['timeout', 'cancelled'])
    .nullable()
    .optional()
    .describe('Why the step was cut short; its variables are kept.'),
  state_lost: z
    .boolean()
    .optional()
    .describe('The code did not let go in time: all variables but the contexts are gone.'),
  network: networkField.optional(),
  ...pendingFields,
  final_answer: z
    .string()
    .nullable()
    .optional()
    .describe('What the code gave to FINAL, FINAL_VAR or SUBMIT.'),
  result: z.string().nullable().optional().describe('Repr of a trailing expression.'),
  stdout: z.string().optional(),
  stderr: z.string().optional(),
  variables_changed: changesField.optional(),
  updated_vars_summary: z.array(z.string()).optional().describe('Names of your variables, sorted.'),
  step_index: countField.describe('1 for the first step.'),
  replay: replaySchema
    .nullable()
    .optional()
    .describe('Set when the session’s variables were gone and its record was run again first.'),
  config: z
    .record(z.string(), countField)
    .optional()
    .describe('The guardrails, where the session was taken up again.'),
  usage: usageSchema.optional(),
  duration_ms: countField.optional(),
  truncated: z
    .boolean()
    .optional()
    .describe('Whether anything was left out: see cut, dropped_chars and abridged.'),
  hint: z.string().optional().describe('What would have been quicker.'),
  abridged: z
    .array(z.enum(outputFields))
    .optional()
    .describe('Texts that show a large value in part, as they say ("… 4,900 more"): slice it.'),
  dropped_chars: countField
    .optional()
    .describe(
      'Of all output, beyond max_output_chars and kept nowhere: use a variable and rlm_get_var.',
    ),
  prompts_replaced: countField
    .optional()
    .describe('Halves of surrogate pairs in the code’s prompts, which models were sent as U+FFFD.'),
  cut: cutSchema.optional(),
});

export type StepPayload = z.output<typeof stepSchema>;
