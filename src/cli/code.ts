// Code given on the command line: where it is read from, and the steps it is cut into.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Language } from '../core/sandbox';
import { maxCodeChars } from '../core/limits';
import type { Cli } from './cli';
import { usageError } from './failure';
import { toCountText } from './render/words';
import type { Terminal } from './terminal';

const maxInputBytes = 10_000_000;
/** A line that is exactly this begins a new step. */
const cellMark: Readonly<Record<Language, string>> = { python: '# %%', javascript: '// %%' };

export interface CodeOptions {
  readonly code?: string;
  readonly json?: true;
}

/**
 * The steps a person gave, or null when they want to type.
 * @throws RlmError 'INVALID_INPUT' as `readCode` and `toSteps`.
 */
export async function readGivenSteps(
  options: CodeOptions,
  language: Language,
  cli: Pick<Cli, 'terminal' | 'cwd'>,
): Promise<readonly string[] | null> {
  if (options.code !== undefined) {
    return toSteps(await readCode(options.code, cli), language);
  }
  if (cli.terminal.isInteractive && !options.json) {
    return null;
  }
  const code = await readInput(cli.terminal.input);
  return checkSteps(code.trim() === '' ? [] : [code], 'Give it with --code, split into steps.');
}

/** @throws RlmError 'INVALID_INPUT' when the file cannot be read or decoded. `-` is standard input. */
export async function readCode(
  file: string,
  { terminal, cwd }: { readonly terminal: Terminal; readonly cwd: string },
): Promise<string> {
  if (file === '-') {
    return readInput(terminal.input);
  }
  let bytes: Buffer;
  try {
    bytes = await readFile(path.resolve(cwd, file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usageError(
      `The code file ${file} cannot be read: ${reason}.`,
      'Check the path after --code.',
    );
  }
  return decodeCode(bytes, `The code file ${file}`);
}

async function readInput(input: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    chunks.push(bytes);
    if (size > maxInputBytes) {
      throw usageError(
        `Standard input has more than ${toCountText(maxInputBytes)} bytes of code.`,
        'Give texts as FILE and only code on standard input.',
      );
    }
  }
  return decodeCode(Buffer.concat(chunks), 'Code on standard input');
}

/**
 * Code is UTF-8, or says by a byte-order mark what it is; another encoding would silently change
 * what it says. @throws RlmError 'INVALID_INPUT'
 */
function decodeCode(bytes: Buffer, what: string): string {
  const isWide = ['fffe', 'feff'].indexOf(bytes.subarray(0, 2).toString('hex'));
  const encoding = ['utf-16le', 'utf-16be'][isWide] ?? 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw usageError(`${what} is not ${encoding.toUpperCase()}.`, 'Save it as UTF-8.');
  }
}

/** @throws RlmError 'INVALID_INPUT' when there is no code, or a step of it is too long. */
export function toSteps(code: string, language: Language): readonly string[] {
  const cells: string[][] = [[]];
  for (const line of code.split(/\r?\n/u)) {
    if (line === cellMark[language]) {
      cells.push([]);
    } else {
      cells.at(-1)?.push(line);
    }
  }
  const steps = cells.map((lines) => lines.join('\n')).filter((step) => step.trim() !== '');
  return checkSteps(
    steps,
    `Split it into steps at lines that are exactly \`${cellMark[language]}\`.`,
  );
}

/** @throws RlmError 'INVALID_INPUT' as `toSteps`. */
function checkSteps(steps: readonly string[], nextStep: string): readonly string[] {
  if (steps.length === 0) {
    throw usageError(
      'There is no code to run.',
      'Give a file with code, or code on standard input.',
    );
  }
  const long = steps.findIndex((step) => step.length > maxCodeChars);
  if (long >= 0) {
    throw usageError(
      `Step ${long + 1} of the code has ${toCountText(steps[long]?.length ?? 0)} characters; a step may have ${toCountText(maxCodeChars)}.`,
      nextStep,
    );
  }
  return steps;
}
