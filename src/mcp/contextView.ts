// A loaded context in the words of the wire.

import * as z from 'zod';
import { toFence, toInline, toInlineCode } from '../base/markdown';
import { type ContextInfo, encodingOrigins, type SourceInfo } from '../core/context';
import { countField } from './fields';
import { cutJsonList } from './fit';

export const contextSchema = z.object({
  variable: z.string().describe('Name of the variable that holds the text in the REPL.'),
  kind: z.enum(['text', 'files']),
  shape: z
    .enum(['string', 'mapping'])
    .describe('string: one text. mapping: path → text, for several.'),
  total_chars: countField,
  total_lines: countField,
  sources: z
    .array(
      z.object({
        path: z.string(),
        chars: countField,
        encoding: z.string(),
        encoding_from: z
          .enum(encodingOrigins)
          .describe('bom: a byte order mark. declared: the file says so. given: you said so.'),
        replaced_chars: countField.describe('U+FFFD in place of bytes the encoding cannot map.'),
      }),
    )
    .describe('The first 50.'),
  source_count: countField,
  warnings: z.array(z.string()).describe('What is in doubt about the text, with what to do.'),
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
    sources: cutJsonList(context.sources.slice(0, maxListed).map(toSourceView), maxListChars),
    source_count: context.sourceCount,
    warnings: [...context.warnings],
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
    (source) =>
      `- ${toInlineCode(source.path)} (${source.chars.toLocaleString('en')}${toEncodingText(source)})`,
  );
  const skipped = context.skipped.map(
    ({ path, reason }) => `- ${toInlineCode(path)}: ${toInline(reason)}`,
  );
  return [
    `Variable ${toInlineCode(context.variable)}, ${shape}: ${size}.`,
    ...context.warnings.map((warning) => `**Warning:** ${warning}`),
    ...toListSection('Sources', sources, context.source_count),
    ...toListSection('Skipped', skipped, context.skipped_count),
    '**Preview**',
    toFence(context.preview),
  ].join('\n\n');
}

function toSourceView(source: SourceInfo): ContextView['sources'][number] {
  return {
    path: source.path,
    chars: source.chars,
    encoding: source.encoding,
    encoding_from: source.encodingFrom,
    replaced_chars: source.replacedChars,
  };
}

/** Nothing for plain UTF-8. */
function toEncodingText(source: ContextView['sources'][number]): string {
  const { encoding, encoding_from: from, replaced_chars: replaced } = source;
  const name = encoding === 'utf-8' && from === 'guessed' ? '' : `; ${encoding}, ${from}`;
  return replaced === 0 ? name : `${name}; ${replaced.toLocaleString('en')} replaced`;
}

function toListSection(title: string, lines: readonly string[], total: number): string[] {
  if (total === 0) {
    return [];
  }
  const more = total > lines.length ? [`- … and ${total - lines.length} more`] : [];
  return [`**${title}**`, [...lines, ...more].join('\n')];
}
