// sandbox_upload: puts a file into a sandbox.

import * as z from 'zod';
import { toInlineCode } from '../../base/markdown';
import { toByteText } from '../../base/text';
import { toWellFormedText } from '../../base/wellFormed';
import { fileLimits } from '../../core/sandboxFiles';
import { countField } from '../fields';
import { createInvalidInput } from '../invalidInput';
import { keepsEmptyText } from '../plainArguments';
import { callSandbox, sandboxHints } from '../sandboxCall';
import {
  encodingField,
  sandboxArgs,
  sandboxPathField,
  toTold,
  toToldMarkdown,
  toldFields,
} from '../sandboxFields';
import { type ToolContext, defineTool } from '../tool';

const input = z.strictObject({
  path: sandboxPathField,
  content: keepsEmptyText(z.string().optional().describe('The content itself, in encoding.')),
  source_path: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe('A file of this machine inside the allowed roots; its bytes cost no tokens.'),
  encoding: encodingField,
  overwrite: z.boolean().default(false).describe('Replace a file that is there.'),
  ...sandboxArgs,
});

const output = z.object({
  ...toldFields,
  path: z.string().describe('Absolute, in the sandbox.'),
  bytes: countField,
  sha256: z.string(),
  replaced: z.boolean(),
  replaced_surrogates: countField
    .optional()
    .describe('Halves of surrogate pairs in content, stored as U+FFFD.'),
});

export const sandboxUpload = defineTool({
  name: 'sandbox_upload',
  set: 'sandbox',
  title: 'Put a file into a sandbox',
  description:
    'Writes one file into the sandbox of a session (sandbox_id), or of this connection’s scratch session, where code ' +
    'and sandbox_shell find it. Give source_path for a file of this machine (the server reads it, no tokens spent) or ' +
    'content with encoding utf8 or base64; exactly one of the two. Folders on the way are made; a file that is there is ' +
    'replaced only with overwrite. At most 32 MB a file and 100 MB a session; costs no step and no budget. A long text ' +
    'to search belongs into rlm_init_context instead. Next: sandbox_exec_stateful, sandbox_shell or sandbox_files.',
  input,
  output,
  hints: sandboxHints,
  async run(context, args) {
    const { progress } = context;
    const given = await readGiven(context, args);
    const { bytes, sourcePath, replacedSurrogates } = given;
    const file = { path: args.path, bytes, sourcePath, overwrite: args.overwrite };
    const { found, result } = await callSandbox(context, args, (files, signal) =>
      files.upload(file, signal, (sent, total) =>
        progress.report(sent, () => `${toByteText(sent)} of ${toByteText(total)} uploaded`),
      ),
    );
    const { filesLost, ...facts } = result;
    return {
      ...toTold(found, filesLost),
      ...facts,
      ...(replacedSurrogates > 0 && { replaced_surrogates: replacedSurrogates }),
    };
  },
  toMarkdown: (payload) =>
    [
      '## File uploaded',
      `${toInlineCode(payload.path)} in sandbox ${toInlineCode(payload.sandbox_id)}: ${toByteText(payload.bytes)}, SHA-256 ${payload.sha256}.`,
      ...toToldMarkdown(payload),
    ].join('\n\n'),
});

interface Given {
  readonly bytes: Uint8Array;
  readonly sourcePath: string | null;
  readonly replacedSurrogates: number;
}

async function readGiven(
  { engine, signal }: ToolContext,
  args: z.output<typeof input>,
): Promise<Given> {
  const { content, source_path: sourcePath, encoding } = args;
  const isBoth = Boolean(content) && sourcePath !== undefined; // clients fill in what they leave out
  if (isBoth || (content === undefined && sourcePath === undefined)) {
    throw createInvalidInput(
      isBoth
        ? 'Both content and source_path were given.'
        : 'Neither content nor source_path was given.',
      'Give exactly one of content and source_path; an empty content alone makes an empty file.',
    );
  }
  if (sourcePath !== undefined) {
    const file = await engine.readHostFile(sourcePath, fileLimits.maxFileBytes, signal);
    return { bytes: file.bytes, sourcePath: file.path, replacedSurrogates: 0 };
  }
  const text = content ?? '';
  if (encoding === 'base64') {
    return { bytes: parseBase64(text), sourcePath: null, replacedSurrogates: 0 };
  }
  const { value, replaced } = toWellFormedText(text);
  return { bytes: Buffer.from(value), sourcePath: null, replacedSurrogates: replaced };
}

/** Line breaks within are let pass, as programs put them there. */
function parseBase64(text: string): Uint8Array {
  const plain = text.replace(/[\r\n]/gu, '');
  const bytes = Buffer.from(plain, 'base64');
  const canonical = bytes.toString('base64');
  const isWhole = plain === canonical || plain === canonical.replaceAll('=', '');
  if (!isWhole) {
    throw createInvalidInput(
      'content is not base64.',
      'Give standard base64 (A–Z, a–z, 0–9, + and /), or encoding utf8 for text.',
    );
  }
  return bytes;
}
