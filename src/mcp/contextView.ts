// A loaded context in the words of the wire.

import * as z from 'zod';
import { toFence, toInline, toInlineCode } from '../base/markdown';
import { type ContextInfo, encodingOrigins, type SourceInfo } from '../core/context';
import { cutText, toCounted } from '../base/text';
import { withoutEmpty } from './brief';
import { countField } from './fields';
import { cutJsonList } from './fit';

export const contextSchema = z.object({
  variable: z.string().describe('Name of the variable that holds the text in the REPL.'),
  kind: z.enum(['text', 'files']).optional(),
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
        encoding: z.string().optional(),
        encoding_from: z
          .enum(encodingOrigins)
          .optional()
          .describe('bom: a byte order mark. declared: the file says so. given: you said so.'),
        replaced_chars: countField
          .optional()
          .describe('U+FFFD in place of bytes the encoding cannot map.'),
      }),
    )
    .optional()
    .describe('The first 50.'),
  source_count: countField.optional(),
  warnings: z
    .array(z.string())
    .optional()
    .describe('What is in doubt about the text, with what to do.'),
  skipped: z
    .array(z.object({ path: z.string(), reason: z.string() }))
    .optional()
    .describe('Files that were not read and why: the first 50.'),
  skipped_count: countField.optional(),
  preview: z.string().optional().describe('The first 500 characters.'),
});
type ContextView = z.infer<typeof contextSchema>;

const maxListed = 50;
const maxListChars = 20_000;
/** Of sources and skipped files in the text of a reply. */
const maxBriefListed = 12;

export function toContextView(context: ContextInfo): ContextView {
  const sources = context.sources.slice(0, maxListed).map(toSourceView);
  return {
    variable: context.variable,
    kind: context.kind,
    shape: context.shape,
    total_chars: context.totalChars,
    total_lines: context.totalLines,
    source_count: context.sourceCount,
    warnings: [...context.warnings],
    preview: context.preview,
    sources: cutJsonList(sources, maxListChars),
    skipped_count: context.skippedCount,
    skipped: cutJsonList(
      context.skipped.slice(0, maxListed).map(({ path, reason }) => ({ path, reason })),
      maxListChars,
    ),
  };
}

/** What its reader does beside reading of it: nothing yet, a look by code of his own, or no more, as the session has ended. */
type Reading = 'first' | 'looked' | 'ended';

/** Beside what the reader's own code showed. */
const lookedPreviewChars = 200;
const lookedListed = 5;

/** The same, for a reader who has just named the files or given the text: a single plain one is not told of again. */
export function toBriefContext(view: ContextView, reading: Reading = 'first'): ContextView {
  const {
    kind,
    shape,
    source_count: count = 0,
    sources = [],
    skipped = [],
    preview,
    ...rest
  } = view;
  const isPlain = count === 1 && sources.every((one) => kind === 'text' || isPlainSource(one));
  const isEnded = reading === 'ended';
  const listed = reading === 'first' ? maxBriefListed : lookedListed;
  return withoutEmpty<ContextView>(
    {
      ...rest,
      shape,
      source_count: isPlain ? 0 : count,
      ...(!isEnded && { preview: reading === 'first' ? preview : toShortPreview(preview) }),
      sources: isPlain || isEnded ? [] : sources.slice(0, listed).map(toBriefSource),
      skipped: skipped.slice(0, maxBriefListed),
    },
    ['total_chars', 'total_lines'], // that a context is empty is not to be guessed
  );
}

function toShortPreview(preview = ''): string {
  const { text, truncated } = cutText(preview, lookedPreviewChars);
  return truncated ? `${text}…` : text;
}

type SourceView = NonNullable<ContextView['sources']>[number];

function isPlainSource({ encoding = 'utf-8', encoding_from: from = 'guessed' }: SourceView) {
  return encoding === 'utf-8' && from === 'guessed';
}

function toBriefSource(source: SourceView): SourceView {
  const { path, chars, replaced_chars: replaced = 0 } = source;
  return isPlainSource(source) && replaced === 0 ? { path, chars } : source;
}

export function toContextMarkdown(context: ContextView): string {
  const { sources = [], source_count: count = 1, skipped = [], warnings = [] } = context;
  const shape = context.shape === 'string' ? 'one string' : 'a mapping from path to text';
  const size =
    `${toCounted(context.total_chars, 'character')}, ` +
    `${toCounted(context.total_lines, 'line')}, ${toCounted(count, 'source')}`;
  const sourceLines = sources.map(
    (source) =>
      `- ${toInlineCode(source.path)} (${source.chars.toLocaleString('en')}${toEncodingText(source)})`,
  );
  const skippedLines = skipped.map(
    ({ path, reason }) => `- ${toInlineCode(path)}: ${toInline(reason)}`,
  );
  return [
    `Variable ${toInlineCode(context.variable)}, ${shape}: ${size}.`,
    ...warnings.map((warning) => `**Warning:** ${warning}`),
    ...(context.preview ? ['**Preview**', toFence(context.preview)] : []),
    ...toListSection('Sources', sourceLines, sourceLines.length === 0 ? 0 : count),
    ...toListSection('Skipped', skippedLines, context.skipped_count ?? 0),
  ].join('\n\n');
}

function toSourceView(source: SourceInfo): SourceView {
  const { path, chars, encoding, encodingFrom, replacedChars } = source;
  return { path, chars, encoding, encoding_from: encodingFrom, replaced_chars: replacedChars };
}

/** Nothing for plain UTF-8. */
function toEncodingText(source: SourceView): string {
  const {
    encoding = 'utf-8',
    encoding_from: from = 'guessed',
    replaced_chars: replaced = 0,
  } = source;
  const name = isPlainSource(source) ? '' : `; ${encoding}, ${from}`;
  return replaced === 0 ? name : `${name}; ${replaced.toLocaleString('en')} replaced`;
}

function toListSection(title: string, lines: readonly string[], total: number): string[] {
  if (total === 0) {
    return [];
  }
  const more = total > lines.length ? [`- … and ${total - lines.length} more`] : [];
  return [`**${title}**`, [...lines, ...more].join('\n')];
}
