// sandbox_download: gets a file out of a sandbox, as content or to a file of this machine.

import * as z from 'zod';
import { toFence, toInlineCode } from '../../base/markdown';
import { toByteText } from '../../base/text';
import type { Downloaded } from '../../core/sessionFiles';
import { countField } from '../fields';
import { cutJsonText } from '../fit';
import { callSandbox, sandboxHints } from '../sandboxCall';
import {
  encodingField,
  sandboxArgs,
  sandboxPathField,
  toTold,
  toToldMarkdown,
  toldFields,
} from '../sandboxFields';
import { defineTool } from '../tool';

/** Of a page, as the reply holds it. */
const maxPageChars = 90_000;
const maxBase64Bytes = 66_000;

const input = z.strictObject({
  path: sandboxPathField,
  encoding: encodingField,
  offset: z
    .int()
    .nonnegative()
    .default(0)
    .describe('Bytes to begin at: next_offset of the page before.'),
  target_path: z
    .string()
    .min(1)
    .max(4_096)
    .optional()
    .describe('A file of this machine below the folder that the user allowed for downloads.'),
  overwrite: z.boolean().default(false).describe('Replace target_path where it is there.'),
  ...sandboxArgs,
});

const output = z.object({
  ...toldFields,
  path: z.string().describe('Absolute, in the sandbox.'),
  target_path: z.string().optional().describe('Where the file was written.'),
  replaced: z.boolean().optional(),
  bytes: countField.describe('Of the whole file.'),
  sha256: z.string().describe('Of the whole file.'),
  encoding: z.enum(['utf8', 'base64']).optional(),
  offset: countField.optional(),
  truncated: z.boolean().optional(),
  next_offset: countField.optional().describe('Set where there is more.'),
  replaced_chars: countField
    .optional()
    .describe('U+FFFD in place of bytes that are not UTF-8: take base64 for the bytes themselves.'),
  content: z.string().optional(),
});

export const sandboxDownload = defineTool({
  name: 'sandbox_download',
  set: 'sandbox',
  title: 'Get a file out of a sandbox',
  description:
    'Returns one file of the sandbox of a session (sandbox_id), or of this connection’s scratch session: its content as ' +
    'utf8 or base64, in pages (offset, next_offset), with size and SHA-256; or writes it to target_path on this ' +
    'machine, which costs no tokens and needs a folder that the user has allowed for downloads. Nothing is overwritten ' +
    'without overwrite. At most 32 MB. Use it for results that code or sandbox_shell has written; for variables use ' +
    'rlm_get_var. Next: the next page, or nothing.',
  input,
  output,
  hints: { ...sandboxHints, destructiveHint: true }, // `overwrite` replaces a file of this machine
  async run(context, args) {
    const { engine, progress } = context;
    const { found, result: file } = await callSandbox(context, args, (files, signal) =>
      files.download(args.path, signal, {
        onProgress: (got, total) =>
          progress.report(got, () => `${toByteText(got)} of ${toByteText(total)} downloaded`),
      }),
    );
    const facts = {
      ...toTold(found, file.filesLost),
      path: file.path,
      bytes: file.bytes.length,
      sha256: file.sha256,
    };
    if (args.target_path === undefined) {
      return { ...facts, ...toPage(file, args) };
    }
    const written = await engine.downloads.write(args.target_path, file.bytes, args.overwrite);
    const { bytes, sha256, path: sourcePath } = facts;
    await found.session.files.recordSaved({ ...written, sourcePath, bytes, sha256 });
    return { ...facts, target_path: written.path, replaced: written.replaced };
  },
  toMarkdown: (payload) =>
    [
      '## File downloaded',
      `${toInlineCode(payload.path)} of sandbox ${toInlineCode(payload.sandbox_id)}: ${toByteText(payload.bytes)}, SHA-256 ${payload.sha256}.`,
      ...(payload.target_path === undefined
        ? []
        : [`Written to ${toInlineCode(payload.target_path)}.`]),
      ...(payload.content === undefined ? [] : [toFence(payload.content)]),
      ...(payload.next_offset === undefined
        ? []
        : [`There is more: offset ${payload.next_offset}.`]),
      ...toToldMarkdown(payload),
    ].join('\n\n'),
});

function toPage({ bytes }: Downloaded, args: Pick<z.output<typeof input>, 'encoding' | 'offset'>) {
  const { encoding, offset } = args;
  const rest = Buffer.from(bytes).subarray(offset);
  const page = encoding === 'base64' ? toBase64Page(rest) : toTextPage(rest);
  const next = offset + page.size;
  const isCut = next < bytes.length;
  return {
    encoding,
    offset,
    truncated: isCut,
    ...(isCut && { next_offset: next }),
    ...(page.replacedChars > 0 && { replaced_chars: page.replacedChars }),
    content: page.content,
  };
}

function toBase64Page(rest: Buffer) {
  const piece = rest.subarray(0, maxBase64Bytes);
  return { content: piece.toString('base64'), size: piece.length, replacedChars: 0 };
}

/** Whole characters; bytes that are none become U+FFFD and are counted. */
function toTextPage(rest: Buffer) {
  const piece = rest.subarray(0, endOfCharacter(rest, maxPageChars));
  const whole = piece.toString('utf8');
  let content = cutJsonText(whole, maxPageChars);
  let size = piece.length;
  if (content.length < whole.length) {
    // Where every byte is a part of a character, as many bytes as the text takes are gone through.
    ({ content, size } = cutExactly(piece, content.length));
  }
  const isReplaced = !Buffer.from(content).equals(piece.subarray(0, size));
  const replacedChars = isReplaced ? content.split('\ufffd').length - 1 : 0;
  return { content, size, replacedChars };
}

/** The most bytes of `piece` that decode to at most `maxUnits`. */
function cutExactly(piece: Buffer, maxUnits: number): { content: string; size: number } {
  let [low, high] = [0, piece.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const end = endOfCharacter(piece, middle);
    if (piece.toString('utf8', 0, end).length <= maxUnits) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const size = Math.max(1, endOfCharacter(piece, low));
  return { content: piece.toString('utf8', 0, size), size };
}

/** `at` or a little before: not within a character. */
function endOfCharacter(bytes: Buffer, at: number): number {
  if (at >= bytes.length) {
    return bytes.length;
  }
  for (let back = 0; back < 4 && at - back > 0; back += 1) {
    if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) {
      return at - back;
    }
  }
  return at;
}
