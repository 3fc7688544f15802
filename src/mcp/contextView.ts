// A loaded context in the words of the wire.

import * as z from 'zod';
import type { ContextInfo } from '../core/context';
import { countField } from './fields';
import { cutJsonList } from './fit';
import { toCodeBlock, toInlineCode } from './markdownText';

export const contextSchema = z.object({
  variable: z.string().describe('Name of the variable that holds the text in the REPL.'),
  kind: z.enum(['text', 'files']),
  shape: z
    .enum(['string', 'mapping'])
    .describe('string: one text. mapping: path → text, for several.'),
  total_chars: countField,
  total_lines: countField,
  sources: z.array(z.object({ path: z.string(), chars: countField })).describe('The first 50.'),
  source_count: countField,
  skipped: z
    .array(z.object({ path: z.string(), reason: z.string() }))
    .describe('Files that were not read and why: the first 50.'),
  skipped_count: countField,
  preview: z.string().describe('The first 500 characters.'),
});
type ContextView = z.infer<typeof contextSchema>;

const maxListed = 50;
const maxListChars = 20_000;

export function toContextView(context: ContextInfo): ContextView {
  return {
    variable: context.variable,
    kind: context.kind,
    shape: context.shape,
    total_chars: context.totalChars,
    total_lines: context.totalLines,
    sources: cutJsonList(
      context.sources.slice(0, maxListed).map(({ path, chars }) => ({ path, chars })),
      maxListChars,
    ),
    source_count: context.sourceCount,
    skipped: cutJsonList(
      context.skipped.slice(0, maxListed).map(({ path, reason }) => ({ path, reason })),
      maxListChars,
    ),
    skipped_count: context.skippedCount,
    preview: context.preview,
  };
}

export function toContextMarkdown(context: ContextView): string {
  const shape = context.shape === 'string' ? 'one string' : 'a mapping from path to text';
  const size =
    `${context.total_chars.toLocaleString('en')} characters, ` +
    `${context.total_lines.toLocaleString('en')} lines, ${context.source_count} source(s)`;
  const sources = context.sources.map(
    ({ path, chars }) => `- ${toInlineCode(path)} (${chars.toLocaleString('en')})`,
  );
  const skipped = context.skipped.map(({ path, reason }) => `- ${toInlineCode(path)}: ${reason}`);
  return [
    `Variable ${toInlineCode(context.variable)}, ${shape}: ${size}.`,
    ...toListSection('Sources', sources, context.source_count),
    ...toListSection('Skipped', skipped, context.skipped_count),
    '**Preview**',
    toCodeBlock(context.preview),
  ].join('\n\n');
}

function toListSection(title: string, lines: readonly string[], total: number): string[] {
  if (total === 0) {
    return [];
  }
  const more = total > lines.length ? [`- … and ${total - lines.length} more`] : [];
  return [`**${title}**`, [...lines, ...more].join('\n')];
}
