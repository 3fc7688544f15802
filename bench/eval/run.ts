// `npm run eval [-- options]`: puts seeded cases to models, prints what they scored, and after a full
// run writes it into bench/eval/README.md and bench/eval/plot.svg. Ctrl+C keeps what is done.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RlmError } from '../../src/core/errors';
import { createModels } from '../../src/runtime';
import { describeComputer } from '../machine';
import { replaceBetweenMarkers } from '../report';
import { openEngine } from './engine';
import { evaluate } from './evaluate';
import { type EvalOptions, parseOptions } from './options';
import { createPlot } from './plot';
import { describeRun, toCaseTable, toFamilyTable } from './report';
import { type Result, ResultsFile } from './results';
import { ruleModel } from './ruleModel';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env);
  if (!existsSync(path.resolve('dist', 'sandbox'))) {
    throw new Error('There is no build: run `npm run build` in the package folder first.');
  }
  const controller = new AbortController();
  process.once('SIGINT', () => {
    print('Stopping. What is done is kept; the same command goes on from there.');
    controller.abort();
  });
  const results = await runAll(options, controller.signal);
  if (results.length > 0) {
    print(`\n${toFamilyTable(results)}\n\n${describeRun(options, results)}`);
  }
  if (controller.signal.aborted) {
    process.exitCode = 130;
  } else if (options.reportFolder !== null) {
    await writeReport(options.reportFolder, options, results);
  }
}

async function runAll(options: EvalOptions, signal: AbortSignal): Promise<readonly Result[]> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'rlm-eval-')));
  try {
    const engine = await openEngine({
      folder,
      model: createModels({ extraProviders: [ruleModel] }),
      windowTokens: options.windowTokens,
    });
    try {
      const results = await ResultsFile.open(options.file);
      return await evaluate(options, { ...engine, results, onResult: printResult }, signal);
    } finally {
      await engine.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function writeReport(
  folder: string,
  options: EvalOptions,
  results: readonly Result[],
): Promise<void> {
  const file = path.join(folder, 'README.md');
  const content = [
    describeRun(options, results),
    `${describeComputer()}.`,
    '![Score and cost by length of the text](plot.svg)',
    toFamilyTable(results),
    '<details><summary>Every case</summary>',
    toCaseTable(results),
    '</details>',
  ].join('\n\n');
  await writeFile(file, replaceBetweenMarkers(await readFile(file, 'utf8'), content));
  await writeFile(path.join(folder, 'plot.svg'), createPlot(results));
}

function printResult(result: Result, isNew: boolean): void {
  const { task, sample, chars, runner, model, score, seconds, finish, failed } = result;
  const took = isNew ? `${seconds.toFixed(1)} s` : 'known';
  const why = failed || finish !== 'submitted' ? `  ${finish}` : '';
  const name = `${task} #${sample + 1}, ${chars.toLocaleString('en')} characters`;
  print(`${score.toFixed(3)}  ${name}, ${runner}, ${model}  ${took}${why}`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  const text =
    error instanceof RlmError
      ? `${error.message}\n${error.nextStep}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});
