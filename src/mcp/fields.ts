// Argument and result schemas that several tools share.

import * as z from 'zod';
import { sessionStatuses } from '../core/event';
import { type Limits, limitRanges, maxCodeChars, stopReasons } from '../core/limits';
import { backendNames, languages } from '../core/sandbox';

export const responseFormatField = z
  .enum(['json', 'markdown'])
  .default('json')
  .describe('How the text block is written; the structured result is the same for both.');

export const sessionIdField = z
  .string()
  .min(1)
  .max(200)
  .describe('The session_id that rlm_init_context returned.');

export const codeField = z
  .string()
  .min(1)
  .max(maxCodeChars)
  .describe(
    'Code in the session’s language. Variables stay from step to step; the value of a trailing ' +
      'expression is returned as result.',
  );

export const finalizeField = z
  .boolean()
  .optional()
  .describe(
    'End the session with the answer that this code gives to FINAL, FINAL_VAR or SUBMIT: saves rlm_finalize. ' +
      'When the code fails or gives none, the session goes on and not_finalized says so.',
  );

export const contextTextField = z
  .string()
  .min(1)
  .optional()
  .describe(
    'Text to load. It passes through the model, so use it only for short texts you already have; ' +
      'for files give context_paths.',
  );

export const contextPathsField = z
  .array(z.string().min(1).max(4_096))
  .min(1)
  .max(1_000)
  .optional()
  .describe(
    'Files, folders or globs (such as src/**/*.ts) inside the allowed roots. The server reads them, ' +
      'so their text costs no tokens. One file becomes a string, several a mapping from path to text.',
  );

export const encodingField = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .describe(
    'Encoding of all files, such as windows-1251, ibm866 or shift_jis; a byte order mark goes before it. ' +
      'Left out: each file’s own is found, and doubts are in warnings.',
  );

export const includeIgnoredField = z
  .boolean()
  .optional()
  .describe('Read what .gitignore rules out, too.');

export const cursorField = z
  .string()
  .min(1)
  .max(1_000)
  .optional()
  .describe('next_cursor of the page before; leave out for the first page.');

export const languageField = z.enum(languages);
export const backendField = z.enum(backendNames);

export const backendInput = backendField
  .optional()
  .describe(
    'Where the code runs: wasm (WebAssembly; safe and at once), local (this machine’s Python with its packages, ' +
      'inside the system’s sandbox), container. Left out: what the user has set, else wasm. None has a network. ' +
      'rlm_status says which work here.',
  );

export const imageInput = z
  .string()
  .regex(/^[a-z0-9][\w.\-/:@]{0,255}$/iu, 'must be the name of an image')
  .optional()
  .describe('Image of backend container. Left out: what the user has set.');

export const placeSchema = z
  .object({
    backend: backendField,
    engine: z.string().describe('Engine and version.'),
    image: z.string().nullable(),
    image_digest: z.string().nullable(),
    walls: z.array(z.string()).describe('What stands around the code.'),
    fallback: z
      .object({ from: backendField, reason: z.string() })
      .nullable()
      .describe('The backend that was asked for and could not be had; tell the user.'),
  })
  .describe('Where the code runs.');
export const statusField = z.enum(sessionStatuses);
export const stopReasonField = z.enum(stopReasons);
export const isoTimeField = z.iso.datetime();
export const countField = z.int().nonnegative();

/** An optional limit whose range and default show in the schema; the engine fills the default in. */
export function createLimitField(name: keyof Limits, help: string): z.ZodOptional<z.ZodInt> {
  const range = limitRanges[name];
  return z
    .int()
    .min(range.min)
    .max(range.max)
    .optional()
    .meta({ description: help, default: range.default });
}

const remainingSchema = z
  .object({
    steps: countField.optional(),
    runtime_ms: countField.optional(),
    budget: countField.optional(),
    llm_calls: countField.optional(),
    llm_tokens: countField.optional(),
  })
  .describe('What is left of limits that are at least three quarters used up.');

export const usageSchema = z.object({
  steps: countField,
  runtime_ms: countField.describe('Time code was running.'),
  budget_used: countField.describe(
    'Characters of code, stdout, stderr, results and variable previews so far.',
  ),
  llm_calls: countField,
  llm_tokens: countField,
  remaining: remainingSchema.optional(),
});

export const cutSchema = z
  .array(
    z.object({
      field: z.string(),
      shown: countField,
      total: countField,
    }),
  )
  .describe(
    'Which fields were shortened, by max_output_chars or to fit 100,000 characters: characters or items.',
  );
