// Puts cases to models, one after another, and keeps what each of them gave.

import { toRlmError } from '../../src/core/errors';
import { type EvalCase, type EvalTask, createCase } from './case';
import type { Meter } from './meter';
import type { Result, ResultsFile } from './results';
import type { ModelPair, Run, Runner } from './runners';
import { scoreAnswer } from './score';

export interface Plan {
  readonly tasks: readonly EvalTask[];
  /** Target lengths in characters. */
  readonly lengths: readonly number[];
  /** Cases of each task and length. */
  readonly samples: number;
  readonly seed: number;
  readonly models: readonly ModelPair[];
}

export interface Evaluation {
  readonly runners: readonly Runner[];
  readonly meter: Meter;
  readonly results: ResultsFile;
  readonly onResult: (result: Result, isNew: boolean) => void;
}

/** Settles with what there is when `signal` is aborted: the rest is for another run. */
export async function evaluate(
  plan: Plan,
  evaluation: Evaluation,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const evalCase of createCases(plan)) {
    for (const runner of evaluation.runners.filter((one) => one.fits(evalCase))) {
      for (const models of plan.models) {
        const known = evaluation.results.find(toKey(evalCase, runner, models));
        const result = known ?? (await runCase({ evalCase, runner, models }, evaluation, signal));
        if (signal.aborted) {
          return results;
        }
        if (!known) {
          await evaluation.results.append(result);
        }
        evaluation.onResult(result, !known);
        results.push(result);
      }
    }
  }
  return results;
}

/** The short ones first, and only one of them in memory at a time. */
function* createCases({ tasks, lengths, samples, seed }: Plan): Generator<EvalCase> {
  for (const chars of lengths) {
    for (const task of tasks) {
      for (let sample = 0; sample < samples; sample += 1) {
        yield createCase(task, { chars, sample, seed });
      }
    }
  }
}

function toKey(evalCase: EvalCase, runner: Runner, { model, subModel }: ModelPair) {
  const { task, family, chars, sample, seed, digest } = evalCase;
  const names = model === subModel ? model : `${model} + ${subModel}`;
  return { task, family, chars, sample, seed, digest, runner: runner.name, model: names };
}

const keptAnswerChars = 500;

async function runCase(
  asked: { readonly evalCase: EvalCase; readonly runner: Runner; readonly models: ModelPair },
  { meter }: Evaluation,
  signal: AbortSignal,
): Promise<Result> {
  const { evalCase, runner, models } = asked;
  meter.take();
  const started = performance.now();
  const run = await runner
    .run(evalCase, models, signal)
    .then((done) => ({ ...done, failed: false }), toFailedRun);
  return {
    ...toKey(evalCase, runner, models),
    score: scoreAnswer(evalCase.gold, run.answer),
    finish: run.finish,
    failed: run.failed,
    iterations: run.iterations,
    ...meter.take(),
    seconds: (performance.now() - started) / 1_000,
    answer: run.answer.slice(0, keptAnswerChars),
  };
}

function toFailedRun(thrown: unknown): Run & { readonly failed: boolean } {
  const { code, message } = toRlmError(thrown);
  return { answer: '', iterations: 0, finish: `${code}: ${message}`, failed: true };
}
