// What a task for an agent is made of: files with a question whose right answer is known, and the steps of code
// that an agent would write for it.

import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Random, createRandom } from '../../test/support/random';

export interface AgentTask {
  readonly name: string;
  create(random: Random): MadeTask;
}

export interface MadeTask {
  /** Path below the task's folder → text. One file is given as a file, several as their folder. */
  readonly files: Readonly<Record<string, string>>;
  /** Code of the looks that come before the answer, in the order in which each needs what the one before showed. */
  readonly looks: readonly string[];
  /** Code of the last step, but its answer. */
  readonly work: string;
  /** A Python expression over what `work` and the looks left. */
  readonly answer: string;
  readonly right: string;
  /** What the agent replies to a prompt of the code; left out: the code asks nothing. */
  readonly reply?: (prompt: string) => string;
}

/** Writes the task's files. @returns the one file, or nothing where the folder is to be given. */
export async function writeFiles(folder: string, { files }: MadeTask): Promise<string> {
  const names = Object.keys(files);
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return names.length === 1 ? (names[0] ?? '') : '';
}

/** The same seed makes the same task. */
export function makeTask(task: AgentTask, seed: number): MadeTask {
  const key = createHash('sha256').update(`${seed}/${task.name}`).digest().readUInt32LE();
  return task.create(createRandom(key));
}

/** Lines of `create` until they have `chars` characters. */
export function fillLines(chars: number, create: (index: number) => string): string[] {
  const lines: string[] = [];
  for (let room = chars; room > 0;) {
    const line = create(lines.length);
    lines.push(line);
    room -= line.length + 1;
  }
  return lines;
}
