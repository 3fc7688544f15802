// What a loaded context is, for the person who opened it.

import { toOneLine } from '../../base/text';
import type { ContextInfo, SourceInfo } from '../../core/context';
import type { Terminal } from '../terminal';
import { toPrintable } from './printable';
import type { Style } from './style';
import { toAmountText, toCountText } from './words';

const shownSources = 5;
const shownSkipped = 3;

export function renderContext(context: ContextInfo, style: Style): string {
  const shape = context.shape === 'string' ? 'a string' : 'a mapping from path to text';
  const size = `${toAmountText(context.totalChars, 'character')} in ${toAmountText(context.totalLines, 'line')}`;
  const lines = [`${style.bold(context.variable)} is ${shape}: ${size}`];
  for (const source of context.sources.slice(0, shownSources)) {
    const { path, chars } = source;
    lines.push(style.dim(`  ${toPrintable(path)}  ${toCountText(chars)}${toEncodingText(source)}`));
  }
  if (context.sourceCount > shownSources) {
    lines.push(style.dim(`  and ${toAmountText(context.sourceCount - shownSources, 'more file')}`));
  }
  for (const warning of context.warnings) {
    lines.push(style.yellow(`  ${toPrintable(warning)}`));
  }
  for (const { path, reason } of context.skipped.slice(0, shownSkipped)) {
    lines.push(style.yellow(`  skipped ${toPrintable(path)}: ${toPrintable(reason)}`));
  }
  if (context.skippedCount > shownSkipped) {
    lines.push(
      style.yellow(`  and ${toCountText(context.skippedCount - shownSkipped)} more skipped`),
    );
  }
  return lines.join('\n');
}

/** Nothing for plain UTF-8. */
function toEncodingText({ encoding, encodingFrom, replacedChars }: SourceInfo): string {
  const name =
    encoding === 'utf-8' && encodingFrom === 'guessed' ? '' : `  ${toPrintable(encoding)}`;
  return replacedChars === 0 ? name : `${name}, ${toCountText(replacedChars)} replaced`;
}

/** What is in doubt about the texts, to stderr. */
export function printWarnings(contexts: readonly ContextInfo[], terminal: Terminal): void {
  for (const warning of contexts.flatMap(({ warnings }) => warnings)) {
    terminal.printError(terminal.errorStyle.yellow(`Warning: ${toPrintable(warning)}`));
  }
}

/** The banner's last line: how the context begins. */
export function renderPreview(context: ContextInfo, width: number, style: Style): string {
  return style.dim(
    `  begins: ${toPrintable(toOneLine(context.preview, Math.max(20, width - 10)))}`,
  );
}
