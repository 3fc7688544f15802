// What the cases gave, one line of JSON each, appended as they end: a run that was stopped goes on.

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { RlmError } from '../../src/core/errors';

const resultSchema = z.object({
  task: z.string(),
  family: z.string(),
  chars: z.number(),
  sample: z.number(),
  seed: z.number(),
  digest: z.string(),
  runner: z.string(),
  model: z.string(),
  score: z.number(),
  /** `submitted`, why the run ended otherwise, or the code of its error. */
  finish: z.string(),
  failed: z.boolean(),
  iterations: z.number(),
  subCalls: z.number(),
  promptTokens: z.number(),
  answerTokens: z.number(),
  tokensEstimated: z.boolean(),
  costUsd: z.number().nullable(),
  seconds: z.number(),
  /** The first 500 characters. */
  answer: z.string(),
});

/** One case, one runner, one model. */
export type Result = Readonly<z.infer<typeof resultSchema>>;

/** What tells results apart; a case that was made differently has another digest. */
export type ResultKey = Pick<Result, 'task' | 'chars' | 'sample' | 'digest' | 'runner' | 'model'>;

export class ResultsFile {
  readonly #file: string;
  /** The last one of each key. */
  readonly #byKey: Map<string, Result>;

  private constructor(file: string, results: readonly Result[]) {
    this.#file = file;
    this.#byKey = new Map(results.map((result) => [toText(result), result]));
  }

  /** @throws RlmError 'INVALID_INPUT' for a file that holds something else. */
  static async open(file: string): Promise<ResultsFile> {
    await mkdir(path.dirname(file), { recursive: true });
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
        return '';
      }
      throw error;
    });
    // A last line without its end was being written when the run was killed.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) {
      await writeFile(file, whole);
    }
    const lines = whole.split('\n').filter((line) => line !== '');
    return new ResultsFile(
      file,
      lines.flatMap((line, index) => parseLine(line, index, file)),
    );
  }

  /** One that need not be run again; a failed one does. */
  find(key: ResultKey): Result | undefined {
    const result = this.#byKey.get(toText(key));
    return result?.failed === true ? undefined : result;
  }

  async append(result: Result): Promise<void> {
    await appendFile(this.#file, `${JSON.stringify(result)}\n`);
    this.#byKey.set(toText(result), result);
  }
}

function parseLine(line: string, index: number, file: string): readonly Result[] {
  try {
    return [resultSchema.parse(JSON.parse(line))];
  } catch (error) {
    throw new RlmError('INVALID_INPUT', `Line ${index + 1} of ${file} is no result.`, {
      cause: error,
      nextStep: 'Name another file with --out, or remove this one.',
    });
  }
}

function toText({ task, chars, sample, digest, runner, model }: ResultKey): string {
  return JSON.stringify([task, chars, sample, digest, runner, model]);
}
