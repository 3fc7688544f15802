// The texts that models are given, from the Markdown files beside this one, or from files of the same
// name in a folder of the user's.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { RlmError } from '../core/errors';
import combine from './prompts/combine.md';
import extract from './prompts/extract.md';
import notesFrugal from './prompts/notesFrugal.md';
import notesSmall from './prompts/notesSmall.md';
import nudge from './prompts/nudge.md';
import split from './prompts/split.md';
import subtask from './prompts/subtask.md';
import systemJavascript from './prompts/systemJavascript.md';
import systemPython from './prompts/systemPython.md';
import taskAnalyze from './prompts/taskAnalyze.md';
import taskCode from './prompts/taskCode.md';
import taskExecute from './prompts/taskExecute.md';

const bundled = {
  combine,
  extract,
  notesFrugal,
  notesSmall,
  nudge,
  split,
  subtask,
  systemJavascript,
  systemPython,
  taskAnalyze,
  taskCode,
  taskExecute,
};

export type PromptName = keyof typeof bundled;
export const promptNames = Object.keys(bundled) as readonly PromptName[]; // the keys just written

/** Without these in a text the model would not know what to do. */
const required: Partial<Record<PromptName, readonly string[]>> = {
  combine: ['task', 'answers'],
  extract: ['variables'],
  split: ['task', 'max_subtasks'],
  subtask: ['task', 'subtask'],
  taskAnalyze: ['task', 'context'],
  taskCode: ['task'],
  taskExecute: ['task', 'context'],
};
/** The comment at the top of a file is for people. */
const topComment = /^\s*<!--[\s\S]*?-->/u;
const maxPromptChars = 50_000;
const maxFileBytes = 1_000_000;

export interface Prompts {
  /** Values are put in once and never looked through for further marks. */
  fill(name: PromptName, values: Readonly<Record<string, string>>): string;
}

/**
 * Reads the texts anew, so that an edited file counts from the next run on.
 * @param folder of files that take the place of the bundled ones; it need not exist.
 * @throws RlmError 'INVALID_INPUT' for a file that cannot be used.
 */
export async function readPrompts(folder: string | null): Promise<Prompts> {
  const entries = await Promise.all(
    promptNames.map(async (name) => [name, await readPrompt(name, folder)] as const),
  );
  const texts = new Map<PromptName, string>(entries);
  return {
    fill: (name, values) =>
      (texts.get(name) ?? '').replace(
        /\{\{(\w+)\}\}/gu,
        (mark, key: string) => values[key] ?? mark,
      ),
  };
}

async function readPrompt(name: PromptName, folder: string | null): Promise<string> {
  const file = folder === null ? null : path.join(folder, `${name}.md`);
  const given = file === null ? null : await readGiven(file);
  const text = (given ?? bundled[name]).replace(topComment, '').trim();
  const missing = (required[name] ?? []).filter((mark) => !text.includes(`{{${mark}}}`));
  if (missing.length > 0 || text.length > maxPromptChars) {
    const problem =
      missing.length > 0
        ? `has no ${missing.map((mark) => `{{${mark}}}`).join(', ')}`
        : `has more than ${maxPromptChars.toLocaleString('en')} characters`;
    throw promptError(`The prompt file ${file} ${problem}.`);
  }
  return text;
}

/** Null where there is no such file. */
async function readGiven(file: string): Promise<string | null> {
  try {
    return await readBounded(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return null;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw promptError(`The prompt file ${file} cannot be read: ${reason}.`, error);
  }
}

/** A link to a file is one; a pipe would be waited for, and a device never ends. */
async function readBounded(file: string): Promise<string> {
  // O_NONBLOCK is not there on Windows.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const info = await handle.stat();
    if (!info.isFile() || info.size > maxFileBytes) {
      throw new Error(info.isFile() ? `it has ${info.size} bytes` : 'it is no regular file');
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function promptError(message: string, cause?: unknown): RlmError {
  return new RlmError('INVALID_INPUT', message, {
    cause,
    nextStep: 'Correct the file, or remove it to go back to the text that ships.',
  });
}
