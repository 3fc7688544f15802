// Arguments and result fields that the sandbox tools share.

import * as z from 'zod';
import { fileLimits } from '../core/sandboxFiles';
import { backendField, languageField } from './fields';
import { replaySchema, toReplayText } from './replayView';
import type { FoundSandbox } from './scratch';

export const sandboxArgs = {
  sandbox_id: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('A session_id; left out: this connection’s scratch session.'),
  language: languageField.optional().describe('Of a new scratch session; default python.'),
  backend: backendField.optional().describe('Of a new scratch session; as rlm_init_context.'),
};

export const sandboxPathField = z
  .string()
  .min(1)
  .max(fileLimits.maxPathChars)
  .describe('In the sandbox; relative paths begin at its work folder.');

export const encodingField = z
  .enum(['utf8', 'base64'])
  .default('utf8')
  .describe('utf8 for text, base64 for anything else.');

export const toldFields = {
  sandbox_id: z.string(),
  note: z.string().optional().describe('What you must know of files or of the session.'),
  replay: replaySchema
    .optional()
    .describe(
      'Set when the record was run again first; commands are not, and files they made are gone.',
    ),
};

const filesLostNote =
  'Files that were in this sandbox before are gone: the worker that held them was lost. Upload them again, and run again what made them.';

/** `more`: what the tool has to say besides; null: nothing. */
export function toTold(found: FoundSandbox, filesLost: boolean, more: string | null = null) {
  const notes = [found.note, filesLost ? filesLostNote : null, more].filter((one) => one !== null);
  return {
    sandbox_id: found.session.id,
    ...(notes.length > 0 && { note: notes.join(' ') }),
    ...(found.replay && { replay: found.replay }),
  };
}

/** Below what a tool's Markdown says by itself. */
export function toToldMarkdown(told: {
  readonly note?: string | undefined;
  readonly replay?: z.output<typeof replaySchema> | undefined;
}): readonly string[] {
  return [
    ...(told.note === undefined ? [] : [`**Note:** ${told.note}`]),
    ...(told.replay ? [toReplayText(told.replay)] : []),
  ];
}
