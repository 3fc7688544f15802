// What an evaluation is made of: tasks, each of which makes texts of any length with a question whose
// right answer is known. The same seed makes the same case.

import { createHash } from 'node:crypto';
import { type Random, createRandom } from '../../test/support/random';
import type { Gold } from './score';

export const families = [
  'S-NIAH',
  'OOLONG count',
  'OOLONG user',
  'OOLONG timeline',
  'OOLONG-Pairs',
];

export interface EvalTask {
  readonly name: string;
  /** One of `families`: what is averaged together. */
  readonly family: string;
  /** A text of at most `chars` characters, filled as far as whole lines go. */
  create(chars: number, random: Random): Made;
}

export interface Made {
  readonly context: string;
  readonly question: string;
  readonly gold: Gold;
}

export interface CaseName {
  readonly task: string;
  /** Target length of the context. */
  readonly chars: number;
  /** Cases of one task and length differ in it, from 0. */
  readonly sample: number;
  readonly seed: number;
}

export interface EvalCase extends Made, CaseName {
  readonly family: string;
  /** SHA-256 over the text and the question, first 16 hex digits. */
  readonly digest: string;
}

export function createCase(task: EvalTask, name: Omit<CaseName, 'task'>): EvalCase {
  const key = `${name.seed}/${task.name}/${name.chars}/${name.sample}`;
  const seed = createHash('sha256').update(key).digest().readUInt32LE();
  const made = task.create(name.chars, createRandom(seed));
  const digest = createHash('sha256').update(made.context).update(made.question).digest('hex');
  return { ...made, ...name, task: task.name, family: task.family, digest: digest.slice(0, 16) };
}
