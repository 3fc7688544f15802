// What a loaded context is, for the person who opened it.

import { toOneLine } from '../../base/text';
import type { ContextInfo, SourceInfo } from '../../core/context';
import { wordWarning } from '../../core/nextSteps';
import type { SandboxPlace } from '../../core/sandbox';
import { toFallbackWarnings } from '../../core/sandboxPlace';
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
    lines.push(style.yellow(`  ${toPrintable(wordWarning(warning, 'cli'))}`));
  }
  return [...lines, ...listSkipped(context).map((line) => style.yellow(`  ${line}`))].join('\n');
}

function listSkipped({ skipped, skippedCount }: ContextInfo): readonly string[] {
  const shown = skipped
    .slice(0, shownSkipped)
    .map(({ path, reason }) => `skipped ${toPrintable(path)}: ${toPrintable(reason)}`);
  const more = skippedCount - shown.length;
  return more > 0 ? [...shown, `and ${toCountText(more)} more skipped`] : shown;
}

/** Nothing for plain UTF-8. */
function toEncodingText({ encoding, encodingFrom, replacedChars }: SourceInfo): string {
  const name =
    encoding === 'utf-8' && encodingFrom === 'guessed' ? '' : `  ${toPrintable(encoding)}`;
  return replacedChars === 0 ? name : `${name}, ${toCountText(replacedChars)} replaced`;
}

/** What is in doubt about the texts and what was left out, to stderr. */
export function printWarnings(contexts: readonly ContextInfo[], terminal: Terminal): void {
  for (const context of contexts) {
    const warnings = context.warnings.map(
      (warning) => `Warning: ${toPrintable(wordWarning(warning, 'cli'))}`,
    );
    for (const line of [...warnings, ...listSkipped(context)]) {
      terminal.printError(terminal.errorStyle.yellow(line));
    }
  }
}

/** That the code runs elsewhere than was asked for, to stderr. */
export function printPlaceWarnings(place: SandboxPlace, terminal: Terminal): void {
  for (const warning of toFallbackWarnings(place)) {
    terminal.printError(terminal.errorStyle.yellow(`Warning: ${toPrintable(warning)}`));
  }
}

/** The banner's last line: how the context begins. */
export function renderPreview(context: ContextInfo, width: number, style: Style): string {
  return style.dim(
    `  begins: ${toPrintable(toOneLine(context.preview, Math.max(20, width - 10)))}`,
  );
}
