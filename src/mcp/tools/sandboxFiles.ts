// sandbox_files: lists a folder of a sandbox.

import * as z from 'zod';
import { toInlineCode, toTable } from '../../base/markdown';
import type { FileEntry } from '../../core/sandboxFiles';
import { fileKinds, fileLimits } from '../../core/sandboxFiles';
import { countField } from '../fields';
import { cutJsonList } from '../fit';
import { callSandbox, sandboxHints } from '../sandboxCall';
import { sandboxArgs, toTold, toToldMarkdown, toldFields } from '../sandboxFields';
import { defineTool } from '../tool';

const maxListChars = 90_000;

const input = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(fileLimits.maxPathChars)
    .default('.')
    .describe('A folder or file in the sandbox; left out: its work folder.'),
  offset: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Entries to skip: next_offset of the page before.'),
  ...sandboxArgs,
});

export const fileEntrySchema = z.object({
  path: z.string(),
  kind: z.enum(fileKinds),
  bytes: countField,
  modified_at: z.iso.datetime(),
  not_utf8: z
    .boolean()
    .optional()
    .describe('Its name is not UTF-8: no tool can name it; rename it with code or sandbox_shell.'),
});

const output = z.object({
  ...toldFields,
  path: z.string().describe('What was listed, absolute.'),
  total: countField.describe('Entries in all.'),
  truncated: z.boolean().optional(),
  next_offset: countField.optional(),
  entries: z.array(fileEntrySchema).describe('In the order of their names, without what is below.'),
});

export const sandboxFiles = defineTool({
  name: 'sandbox_files',
  set: 'sandbox',
  title: 'List files of a sandbox',
  description:
    'Lists a folder in the sandbox of a session (sandbox_id), or of this connection’s scratch session: path, kind, ' +
    'bytes and time of each entry, the first 1,000 in the order of their names, without what is below. Use it to see ' +
    'what code or sandbox_shell has written, and to find the path for sandbox_download. Costs no step and no budget. ' +
    'Next: sandbox_download, or sandbox_files with a folder that it lists.',
  input,
  output,
  hints: { ...sandboxHints, idempotentHint: true },
  async run(context, args) {
    const { found, result: list } = await callSandbox(context, args, (files, signal) =>
      files.list(args.path, signal),
    );
    const all = list.entries.slice(args.offset).map(toEntryView);
    const entries = cutJsonList(all, maxListChars);
    const next = args.offset + entries.length;
    return {
      ...toTold(found, list.filesLost),
      path: list.path,
      total: list.total,
      ...(next < list.total && { truncated: true }),
      ...(next < list.entries.length && { next_offset: next }),
      entries,
    };
  },
  toMarkdown: (payload) =>
    [
      `## Files in ${toInlineCode(payload.path)}`,
      ...(payload.entries.length === 0
        ? [payload.total === 0 ? 'No files.' : 'None from there on.']
        : []),
      ...toTable(
        ['Path', 'Kind', 'Bytes', 'Modified'],
        payload.entries.map((entry) => [
          entry.path,
          entry.kind,
          entry.bytes.toLocaleString('en'),
          entry.modified_at,
        ]),
      ),
      ...(payload.truncated ? [`${payload.total.toLocaleString('en')} in all.`] : []),
      ...toToldMarkdown(payload),
    ].join('\n\n'),
});

export function toEntryView({ path, kind, bytes, modifiedAt, named }: FileEntry) {
  const time = new Date(modifiedAt);
  return {
    ...{ path, kind, bytes },
    modified_at: (Number.isNaN(time.getTime()) ? new Date(0) : time).toISOString(),
    ...(!named && { not_utf8: true }),
  };
}
