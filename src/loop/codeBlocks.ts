// Finds the code in a model's reply. Only fenced blocks in the session's language are code; whatever
// else a reply says is never looked through for a command.

import type { Language } from '../core/sandbox';
import { TextScanner } from './openText';

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
/** Of blocks that are looked through to the reply's end in vain: more would cost the square of its length. */
const maxUnclosed = 8;
/** An indented fence is common in lists. */
const openingFence = /^([ \t]*)(`{3,}|~{3,})/u;

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
    const close = new RegExp(`</${opened[1] ?? ''}>`, 'iu').exec(reply);
    return close ? reply.slice(close.index + close[0].length).trim() : '';
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
  let unclosed = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const fence = readFence(lines[at] ?? '');
    if (fence) {
      const canLookOn = unclosed < maxUnclosed;
      const { end, isClosed } = findEnd(lines, { start: at + 1, fence, language, canLookOn });
      unclosed += isClosed ? 0 : 1;
      const code = lines.slice(at + 1, end).map((line) => dropIndent(line, fence.indent));
      blocks.push({ label: fence.label, code: code.join('\n') });
      at = end;
    }
  }
  return blocks;
}

/** The info string's first word is the label; one with a backtick makes the line code in its text. */
function readFence(line: string): Fence | null {
  const [fence, indent = '', mark = ''] = openingFence.exec(line) ?? [];
  const info = fence === undefined ? '`' : line.slice(fence.length);
  if (info.includes('`')) {
    return null;
  }
  const [label = ''] = info.trim().split(/\s/u, 1);
  return { indent: indent.length, mark, label: label.toLowerCase() };
}

interface OpenBlock {
  readonly start: number;
  readonly fence: Fence;
  readonly language: Language;
  /** Past a fence inside a string of the code. */
  readonly canLookOn: boolean;
}

/**
 * The line of the closing fence; past the last line when the block is not closed. A fence inside a
 * string of the code does not close it, unless no later one would either.
 */
function findEnd(
  lines: readonly string[],
  { start, fence, language, canLookOn }: OpenBlock,
): { readonly end: number; readonly isClosed: boolean } {
  const scanner = new TextScanner(language);
  let first: number | null = null;
  for (let at = start; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (isClosing(line, fence.mark)) {
      first ??= at;
      if (!scanner.isInsideText || !canLookOn) {
        return { end: at, isClosed: true };
      }
    }
    scanner.addLine(line);
  }
  return { end: first ?? lines.length, isClosed: false };
}

function isClosing(line: string, mark: string): boolean {
  const text = line.trim();
  return text.length >= mark.length && text === (mark[0] ?? '').repeat(text.length);
}

function dropIndent(line: string, indent: number): string {
  const own = line.length - line.trimStart().length;
  return line.slice(Math.min(indent, own));
}
