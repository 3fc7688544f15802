// Finds the code in a model's reply. Only fenced blocks in the session's language are code; whatever
// else a reply says is never looked through for a command.

import type { Language } from '../core/sandbox';
import { isInsideText } from './openText';

/** Why a reply has no code to run. */
export type NoCode = 'no_block' | 'unlabelled' | 'other_language' | 'empty';
export type ReplyCode =
  | { readonly kind: 'code'; readonly code: string; readonly blockCount: number }
  | { readonly kind: 'none'; readonly reason: NoCode };

interface Block {
  /** Lower case; empty for a fence without one. */
  readonly label: string;
  readonly code: string;
}

interface Fence {
  readonly indent: number;
  /** The run of backticks or tildes. */
  readonly mark: string;
  readonly label: string;
}

const labels: Readonly<Record<Language, readonly string[]>> = {
  python: ['repl', 'python', 'python3', 'py'],
  javascript: ['repl', 'javascript', 'js', 'mjs', 'node'],
};
/** An indented fence is common in lists; the info string's first word is the label. */
const openingFence = /^([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/u;

/**
 * The blocks of a reply in their order, as the code of one step: what one block makes the next one
 * uses, and after an exception nothing more of the reply runs.
 */
export function readCode(reply: string, language: Language): ReplyCode {
  const blocks = findBlocks(dropThinking(reply), language);
  const own = blocks.filter(({ label }) => labels[language].includes(label));
  const filled = own.filter(({ code }) => code.trim() !== '');
  if (filled.length > 0) {
    const code = filled.map((block) => block.code).join('\n\n');
    return { kind: 'code', code, blockCount: filled.length };
  }
  return { kind: 'none', reason: toReason(blocks, own) };
}

/** The reply without the hidden reasoning that some models and templates leave in it. */
export function dropThinking(reply: string): string {
  const opened = /^\s*<(think|thinking|thought|reasoning)>/iu.exec(reply);
  if (opened) {
    const close = reply.toLowerCase().indexOf(`</${(opened[1] ?? '').toLowerCase()}>`);
    return close < 0 ? '' : reply.slice(reply.indexOf('>', close) + 1).trim();
  }
  // Templates that open the reasoning themselves leave only its end in the reply.
  const closed = /^[ \t]*<\/think(?:ing)?>[ \t]*$/imu.exec(reply);
  return closed ? reply.slice(closed.index + closed[0].length).trim() : reply.trim();
}

function toReason(blocks: readonly Block[], own: readonly Block[]): NoCode {
  if (blocks.length === 0) {
    return 'no_block';
  }
  if (own.length > 0) {
    return 'empty';
  }
  return blocks.every(({ label }) => label === '') ? 'unlabelled' : 'other_language';
}

function findBlocks(reply: string, language: Language): readonly Block[] {
  const lines = reply.split(/\r?\n/u);
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const fence = readFence(lines[at] ?? '');
    if (fence) {
      const end = findEnd(lines, { start: at + 1, fence, language });
      const code = lines.slice(at + 1, end).map((line) => dropIndent(line, fence.indent));
      blocks.push({ label: fence.label, code: code.join('\n') });
      at = end;
    }
  }
  return blocks;
}

function readFence(line: string): Fence | null {
  const found = openingFence.exec(line);
  const [, indent = '', mark = '', label = ''] = found ?? [];
  return found && { indent: indent.length, mark, label: label.toLowerCase() };
}

/**
 * The line of the closing fence; past the last line when the block is not closed. A fence inside a
 * string of the code does not close it, unless no later one would either.
 */
function findEnd(
  lines: readonly string[],
  block: { readonly start: number; readonly fence: Fence; readonly language: Language },
): number {
  const { start, fence, language } = block;
  let first: number | null = null;
  for (let at = start; at < lines.length; at += 1) {
    if (isClosing(lines[at] ?? '', fence.mark)) {
      first ??= at;
      if (!isInsideText(lines.slice(start, at).join('\n'), language)) {
        return at;
      }
    }
  }
  return first ?? lines.length;
}

function isClosing(line: string, mark: string): boolean {
  const text = line.trim();
  return text.length >= mark.length && text === (mark[0] ?? '').repeat(text.length);
}

function dropIndent(line: string, indent: number): string {
  const own = line.length - line.trimStart().length;
  return line.slice(Math.min(indent, own));
}
