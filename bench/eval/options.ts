// What the command line asks for.

import path from 'node:path';
import { parseArgs } from 'node:util';
import { RlmError } from '../../src/core/errors';
import type { Plan } from './evaluate';
import { ruleModelName } from './ruleModel';
import type { ModelPair } from './runners';
import { tasks } from './tasks';

export interface EvalOptions extends Plan {
  /** Takes the results, one line of JSON each. */
  readonly file: string;
  /** Where the README and the plot go; null: nothing but the terminal. */
  readonly reportFolder: string | null;
  /** The longest request that the whole text may make. */
  readonly windowTokens: number;
}

const usage = `npm run eval [-- options]
  --model NAME       provider/model, repeatable; default RLM_MODEL, else rule/rule
  --sub-model NAME   answers what the code asks; default RLM_SUBTASK_MODEL, else the model
  --tasks LIST       names or beginnings of names, by commas: niah, oolong_user, pairs, …
  --lengths LIST     characters, by commas: 8192 or 2^13
  --samples N        cases of each task and length (3)
  --seed N           other cases (1)
  --window TOKENS    what the model takes at once, for the whole text (128000)
  --out FILE         results, which a later run goes on from (out/eval/results.jsonl)
  --quick            one case of 2^13 and of 2^15 for each task; writes no report`;

const fullLengths = Array.from({ length: 10 }, (_, index) => 2 ** (13 + index));
const quickLengths = [2 ** 13, 2 ** 15];

/** @throws RlmError 'INVALID_INPUT' */
export function parseOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): EvalOptions {
  const { values } = parseArguments(args);
  const isQuick = values.quick;
  const lengths = values.lengths?.split(',').map(parseLength);
  return {
    tasks: chooseTasks(values.tasks?.split(',')),
    lengths: lengths ?? (isQuick ? quickLengths : fullLengths),
    samples: parseCount('--samples', values.samples ?? (isQuick ? '1' : '3')),
    seed: parseCount('--seed', values.seed),
    models: toModels(values, env),
    file: path.resolve(values.out),
    reportFolder:
      isQuick || values.tasks !== undefined || lengths ? null : path.resolve('bench', 'eval'),
    windowTokens: parseCount('--window', values.window),
  };
}

function parseArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        model: { type: 'string', multiple: true },
        'sub-model': { type: 'string' },
        tasks: { type: 'string' },
        lengths: { type: 'string' },
        samples: { type: 'string' },
        seed: { type: 'string', default: '1' },
        window: { type: 'string', default: '128000' },
        out: { type: 'string', default: path.join('out', 'eval', 'results.jsonl') },
        quick: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw inputError(error instanceof Error ? error.message : String(error));
  }
}

/** What the environment names belongs together: its sub-model serves its model, or any that is named. */
function toModels(
  given: {
    readonly model?: readonly string[] | undefined;
    readonly 'sub-model'?: string | undefined;
  },
  env: Readonly<Record<string, string | undefined>>,
): readonly ModelPair[] {
  const names = given.model ?? [env['RLM_MODEL'] || ruleModelName];
  const subModel = given['sub-model'] ?? (env['RLM_SUBTASK_MODEL'] || null);
  return names.map((model) => ({
    model,
    subModel: model === ruleModelName ? model : (subModel ?? model),
  }));
}

function chooseTasks(starts: readonly string[] | undefined): Plan['tasks'] {
  if (!starts) {
    return tasks;
  }
  const unknown = starts.find((start) => !tasks.some(({ name }) => name.startsWith(start)));
  if (unknown !== undefined) {
    throw inputError(
      `No task begins with "${unknown}": ${tasks.map(({ name }) => name).join(', ')}.`,
    );
  }
  return tasks.filter(({ name }) => starts.some((start) => name.startsWith(start)));
}

/** Below, needles and users would leave nothing to search. */
const minLength = 2 ** 12;

function parseLength(text: string): number {
  const power = /^2\^(\d{1,2})$/u.exec(text.trim())?.[1];
  const length = power === undefined ? Number(text) : 2 ** Number(power);
  if (!Number.isSafeInteger(length) || length < minLength || length > 400_000_000) {
    throw inputError(`--lengths takes numbers from ${minLength} to 400,000,000, not "${text}".`);
  }
  return length;
}

function parseCount(name: string, text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw inputError(`${name} takes a whole number from 1 on, not "${text}".`);
  }
  return count;
}

function inputError(message: string): RlmError {
  return new RlmError('INVALID_INPUT', message, { nextStep: usage });
}
