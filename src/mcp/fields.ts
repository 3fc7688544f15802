// Argument and result schemas that several tools share.

import * as z from 'zod';
import { sessionStatuses, verbosities } from '../core/event';
import { type Limits, limitRanges, maxCodeChars, stopReasons } from '../core/limits';
import { backendNames, languages } from '../core/sandbox';

export const responseFormatField = z
  .enum(['json', 'markdown'])
  .default('json')
  .describe('Form of the text block.');

export const sessionIdField = z.string().min(1).max(200).describe('As an earlier reply named it.');

export const codeField = z
  .string()
  .min(1)
  .max(maxCodeChars)
  .describe(
    'Code in the session’s language. Variables stay; the value of a trailing expression is returned as result.',
  );

export const finalizeField = z
  .boolean()
  .optional()
  .describe(
    'End the session with what this code gives to FINAL, FINAL_VAR or SUBMIT: saves rlm_finalize. ' +
      'If it fails or gives nothing, the session goes on and not_finalized says so.',
  );

export const contextTextField = z
  .string()
  .min(1)
  .optional()
  .describe('A short text that you hold: it passes through you. For files give context_paths.');

export const contextPathsField = z
  .array(z.string().min(1).max(4_096))
  .min(1)
  .max(1_000)
  .optional()
  .describe(
    'Files, folders or globs (src/**/*.ts) inside the allowed roots, read by the server: no tokens. ' +
      'One file becomes a string, several a mapping from path to text.',
  );

export const encodingField = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .describe(
    'Of all files without a byte order mark, such as windows-1251. Left out: found for each; doubts are in warnings.',
  );

export const includeIgnoredField = z
  .boolean()
  .optional()
  .describe('Read what .gitignore leaves out, too.');

export const cursorField = z
  .string()
  .min(1)
  .max(1_000)
  .optional()
  .describe('next_cursor of the page before.');

export const languageField = z.enum(languages);
export const backendField = z.enum(backendNames);

export const backendInput = backendField
  .optional()
  .describe(
    'Where code runs: wasm (unless the user has set another), local (this machine’s Python or Node, in ' +
      'the system’s sandbox) or container. None has a network. rlm_status says which work.',
  );

export const imageInput = z
  .string()
  .regex(/^[a-z0-9][\w.\-/:@]{0,255}$/iu, 'must be the name of an image')
  .optional()
  .describe('For backend container.');

export const verbosityInput = z
  .enum(verbosities)
  .default('normal')
  .describe(
    'How much replies tell. terse: output and answers. normal: also what your code does not show. full: everything.',
  );

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

/** An optional limit whose range and default show in the schema; the engine fills the default in. No help: its name says all. */
export function createLimitField(name: keyof Limits, help?: string): z.ZodOptional<z.ZodInt> {
  const range = limitRanges[name];
  return z
    .int()
    .min(range.min)
    .max(range.max)
    .optional()
    .meta({ ...(help && { description: help }), default: range.default });
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

/** Connections made or refused. */
export const networkField = z.string();
