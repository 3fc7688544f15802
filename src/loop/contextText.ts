// The context as the model is told of it: what it is, how long, and how it begins. Never the text.

import type { ContextInfo } from '../core/context';
import type { Language } from '../core/sandbox';

const shownSources = 20;

export function describeContext(context: ContextInfo | undefined, language: Language): string {
  if (!context || context.totalChars === 0) {
    return 'There is no context: `context` is empty. Work from the task alone.';
  }
  const { sources, sourceCount } = context;
  const shown = sources
    .slice(0, shownSources)
    .map(({ path, chars }) => `- ${JSON.stringify(path)}: ${toCount(chars)} characters`);
  const more = sourceCount - shown.length;
  return [
    `\`context\` is ${toShapeText(context, language)}, ${toCount(context.totalChars)} characters in ${toCount(context.totalLines)} lines in all.`,
    ...(context.kind === 'files' ? shown : []),
    ...(context.kind === 'files' && more > 0 ? [`- and ${toCount(more)} more`] : []),
    ...context.warnings.map((warning) => `Warning: ${warning}`),
    ...(context.skippedCount > 0 ? [`${toCount(context.skippedCount)} files were skipped.`] : []),
    `Its first ${context.preview.length} characters, as a string: ${JSON.stringify(context.preview)}`,
  ].join('\n');
}

function toShapeText(context: ContextInfo, language: Language): string {
  if (context.shape === 'string') {
    return context.kind === 'files' ? 'the text of one file, a string' : 'one string';
  }
  const mapping = language === 'python' ? 'mapping' : 'plain object';
  return `a ${mapping} from path to text of ${toCount(context.sourceCount)} texts`;
}

function toCount(value: number): string {
  return value.toLocaleString('en');
}
