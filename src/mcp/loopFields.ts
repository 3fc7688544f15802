// Arguments and results that the tools of whole runs share.

import * as z from 'zod';
import { loopFinishReasons } from '../core/event';
import {
  backendInput,
  countField,
  cutSchema,
  encodingField,
  imageInput,
  includeIgnoredField,
  languageField,
  usageSchema,
  verbosityInput,
} from './fields';
import { namedLimitsInput } from './limitsInput';
import { pendingFields } from './pendingView';

const maxWaitMs = 3_600_000;

export const loopContextFields = {
  context_text: z
    .string()
    .min(1)
    .optional()
    .describe('A text that you hold. For files give context_paths.'),
  context: z.string().min(1).optional().describe('The same as context_text.'),
  context_paths: z
    .array(z.string().min(1).max(4_096))
    .min(1)
    .max(1_000)
    .optional()
    .describe('Files, folders or globs inside the allowed roots, read by the server: no tokens.'),
  encoding: encodingField,
  include_ignored: includeIgnoredField,
};

const modelField = z.string().min(1).max(200).optional();

export const waitMsField = z
  .int()
  .min(0)
  .max(maxWaitMs)
  .optional()
  .describe(
    'How long you can wait. Give it where your client gives up on slow tools (60,000 is common: say 45,000): the ' +
      'run then goes on, and rlm_wait gives its answer. Left out: to the end; cancelling ends the run.',
  );

export const loopRunFields = {
  max_iterations: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe('How often the model may write code; 15 unless the user has set another.'),
  model: modelField.describe('provider/model that writes the code; rlm_status lists them.'),
  sub_model: modelField.describe('provider/model that answers the prompts of that code.'),
  language: languageField.default('python').describe('Language of the REPL.'),
  backend: backendInput,
  image: imageInput,
  config: namedLimitsInput.optional().describe('Guardrails of the run, as in rlm_init_context.'),
  verbosity: verbosityInput,
  wait_ms: waitMsField,
};

export const loopResultFields = {
  answer: z
    .string()
    .nullable()
    .describe('Null while the run goes on, or when a guardrail ended it.'),
  session_id: z.string(),
  status: z
    .enum(['finished', 'running', 'waiting'])
    .describe('running: call rlm_wait. waiting: answer pending_prompts with rlm_answer.'),
  iterations: countField.describe('How often the model was asked for code.'),
  finish_reason: z
    .enum(loopFinishReasons)
    .nullable()
    .describe(
      'submitted: the code handed the answer in. max_iterations: it was drawn from the variables at the ' +
        'end. Otherwise the guardrail that ended the run. Null while it goes on.',
    ),
  note: z.string().nullable().optional().describe('What you must know of this answer, or do next.'),
  warnings: z
    .array(z.string())
    .optional()
    .describe(
      'What is in doubt about the context’s text, with what to do, or that the code ran elsewhere than was asked for.',
    ),
  ...pendingFields,
  usage: usageSchema.optional(),
  truncated: z.boolean().optional(),
  cut: cutSchema.optional(),
};

export const programFields = {
  code: z.string().nullable().optional().describe('The program; null when the run has made none.'),
  tests: z
    .array(
      z.object({
        name: z.string(),
        code: z.string().optional(),
        passed: z.boolean(),
        error: z.string().nullable(),
      }),
    )
    .nullable()
    .optional()
    .describe('The tests, as the sandbox ran them on this very code.'),
};

export const subtaskFields = {
  subtasks: z
    .array(
      z.object({
        title: z.string(),
        session_id: z.string().nullable(),
        answer: z.string().nullable().optional(),
        error: z.string().nullable().describe('Why there is no answer.'),
        finish_reason: z
          .enum(loopFinishReasons)
          .nullable()
          .optional()
          .describe('How its run ended, as that of the whole; null where it was cut short.'),
        truncated: z.boolean().optional().describe('The whole answer is in its session’s trace.'),
      }),
    )
    .nullable()
    .optional()
    .describe('The parts, in the order of the split.'),
};

/** Of a run of any kind. */
export const runSchema = z.object({ ...loopResultFields, ...programFields, ...subtaskFields });
